import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRefuse } from '#peers';
import { until } from '../../01-framed-echo/test/raw-socket.ts';
import { deserted, only, quickPeer, rejects, take } from './helpers.ts';
import { StubListener } from './stub-listener.ts';

const options = { timeout: 20_000 };
const HELLO = Buffer.from('hello');
/** More than the operating system takes for a connection that is not read. */
const HUGE = Buffer.alloc(48 * 1_048_576);

test('REFUSED: nobody listens there', options, async () => {
  await using alice = await quickPeer();
  const address = await deserted();
  const error = await rejects(alice.send(address, HELLO), 'REFUSED');
  assert.equal(error.address, address);
  assert.equal((error.cause as NodeJS.ErrnoException).code, 'ECONNREFUSED');
});

test('REFUSED reaches everyone who waited for the dial', options, async () => {
  await using alice = await quickPeer();
  const address = await deserted();
  const sends = Array.from({ length: 100 }, () => alice.send(address, HELLO));
  await Promise.all(sends.map((send) => rejects(send, 'REFUSED')));
});

test('REFUSED: the other peer is full, and says so', options, async () => {
  await using bob = await quickPeer({ maxIncoming: 1 });
  await using alice = await quickPeer();
  await using carol = await quickPeer();
  await alice.send(bob.address, HELLO);
  const error = await rejects(carol.send(bob.address, HELLO), 'REFUSED');
  assert.match(error.message, /too many connections/);
  await until(() => bob.status().incoming === 1);
  await alice.send(bob.address, HELLO);
});

test('UNREACHABLE: a host name that does not exist', options, async () => {
  await using alice = await quickPeer();
  await rejects(alice.send('nobody.invalid:4000', HELLO), 'UNREACHABLE');
});

test('UNREACHABLE: an address that no route leads to', options, async () => {
  await using alice = await quickPeer({ connectTimeout: 200 });
  // The broadcast address is no address of a peer; the operating system refuses to dial it.
  await rejects(alice.send('255.255.255.255:4000', HELLO), 'UNREACHABLE');
});

test('BAD_ADDRESS: told by the promise, not thrown at the caller', options, async () => {
  await using alice = await quickPeer();
  for (const address of ['', 'localhost', 'localhost:0', '::1:80', '[::1]', 'a b:80', '256.1.1.1:80']) {
    await rejects(alice.send(address, HELLO), 'BAD_ADDRESS');
  }
  assert.deepEqual(alice.status().addresses, [], 'nothing is kept of them');
});

test('TIMEOUT: the listener never answers the handshake', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  await using alice = await quickPeer({ connectTimeout: 50 });
  await rejects(alice.send(stub.address, HELLO), 'TIMEOUT');
  await until(() => alice.status().outgoing === 0);
});

test('TIMEOUT: a send that waits for the connection too long', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  await using alice = await quickPeer();
  const patient = rejects(alice.send(stub.address, HELLO, { timeout: Number.POSITIVE_INFINITY }), 'CLOSED');
  await rejects(alice.send(stub.address, HELLO, { timeout: 20 }), 'TIMEOUT');
  assert.equal(only(alice).datagrams, 1, 'the other still waits');
  await alice.close();
  await patient;
});

test('TIMEOUT: a send that is being written may have arrived', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  let time = 0;
  const clock = () => time;
  await using alice = await quickPeer({ clock, maxDatagram: HUGE.length, poolSize: 1, drainTimeout: 10 });
  const written = alice.send(stub.address, HUGE, { timeout: 100 });
  await until(() => only(alice).ready === 1);
  await new Promise(setImmediate);
  const behind = alice.send(stub.address, HELLO, { timeout: 100 });
  time = 100;
  await Promise.all([rejects(written, 'TIMEOUT', 'maybe'), rejects(behind, 'TIMEOUT', 'no')]);
});

test('TIMEOUT: a connection that makes no headway is given up', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  await using alice = await quickPeer({ maxDatagram: HUGE.length, stallTimeout: 100, poolSize: 1 });
  await rejects(alice.send(stub.address, HUGE), 'TIMEOUT', 'maybe');
  await until(() => alice.status().outgoing === 0);
});

test('a bad timeout or datagram is refused', options, async () => {
  await using alice = await quickPeer();
  await assert.rejects(alice.send(alice.address, HELLO, { timeout: 0 }), /not 0/);
  await assert.rejects(alice.send(alice.address, HELLO, { timeout: Number.NaN }), RangeError);
  await assert.rejects(alice.send(alice.address, 'text' as unknown as Buffer), TypeError);
});

test('TOO_LARGE: above the own limit', options, async () => {
  await using alice = await quickPeer({ maxDatagram: 100 });
  await rejects(alice.send(alice.address, Buffer.alloc(101)), 'TOO_LARGE');
  await alice.send(alice.address, Buffer.alloc(100));
  assert.equal((await take(alice, 1))[0]?.data.length, 100);
});

test('TOO_LARGE: above the limit of the other peer; the connection goes on', options, async () => {
  await using alice = await quickPeer({ poolSize: 1 });
  await using bob = await quickPeer({ maxDatagram: 100 });
  const before = alice.send(bob.address, Buffer.alloc(100));
  const large = alice.send(bob.address, Buffer.alloc(101));
  const after = alice.send(bob.address, Buffer.alloc(99));
  const error = await rejects(large, 'TOO_LARGE');
  assert.match(error.message, /at most 100 bytes, not 101/);
  await Promise.all([before, after]);
  assert.deepEqual(
    (await take(bob, 2)).map(({ data }) => data.length),
    [100, 99],
  );
  assert.equal(bob.status().incoming, 1);
});

test('NOT_A_PEER: something else listens there', options, async () => {
  for (const answer of ['HTTP/1.1 400 Bad Request\r\n\r\n', '\0\0\0\x01\x81', '\0\0\0\x01\x07']) {
    await using stub = await StubListener.start({ answer: Buffer.from(answer, 'latin1') });
    await using alice = await quickPeer();
    await rejects(alice.send(stub.address, HELLO), 'NOT_A_PEER');
  }
});

test('REFUSED: it hangs up instead of answering', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  await using alice = await quickPeer();
  const send = alice.send(stub.address, HELLO);
  await until(() => stub.bytes > 0);
  stub.sockets[0]?.end();
  const { message } = await rejects(send, 'REFUSED');
  assert.match(message, /hung up instead of answering/);
});

test('REFUSED: it resets instead of answering', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  await using alice = await quickPeer();
  const send = alice.send(stub.address, HELLO);
  await until(() => stub.bytes > 0);
  stub.sockets[0]?.resetAndDestroy();
  await rejects(send, 'REFUSED');
});

test('a reason to refuse is shown as text that cannot do harm', options, async () => {
  await using stub = await StubListener.start({ answer: encodeRefuse('no\x1b[31m\nway') });
  await using alice = await quickPeer();
  const { message } = await rejects(alice.send(stub.address, HELLO), 'REFUSED');
  assert.ok(message.includes(String.raw`no\u001b[31m\nway`), message);
});

test('DISCONNECTED: the connection breaks while a datagram is being written', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  await using alice = await quickPeer({ maxDatagram: HUGE.length, poolSize: 1 });
  const written = alice.send(stub.address, HUGE);
  await until(() => alice.status().addresses[0]?.ready === 1);
  await new Promise(setImmediate);
  const behind = alice.send(stub.address, HELLO);
  stub.sockets[0]?.resetAndDestroy();
  await rejects(written, 'DISCONNECTED', 'maybe');
  await behind;
  assert.equal(stub.sockets.length, 2, 'what had not been written went over a new connection');
});

test('CLOSED: sends after close', options, async () => {
  const alice = await quickPeer();
  const { address } = alice;
  await alice.close();
  await rejects(alice.send(address, HELLO), 'CLOSED');
  assert.deepEqual(await alice.receive().next(), { done: true, value: undefined });
});

test('CLOSED: what cannot be sent before the deadline', options, async () => {
  await using silent = await StubListener.start({ answer: undefined });
  await using stuck = await StubListener.start({ reads: false });
  const alice = await quickPeer({ drainTimeout: 50, maxDatagram: HUGE.length, poolSize: 1 });
  const waiting = alice.send(silent.address, HELLO);
  const written = alice.send(stuck.address, HUGE);
  await until(() => alice.status().addresses[1]?.ready === 1);
  await new Promise(setImmediate);
  const behind = alice.send(stuck.address, HELLO);
  const closing = alice.close();
  await Promise.all([
    rejects(waiting, 'CLOSED'),
    rejects(written, 'CLOSED', 'maybe'),
    rejects(behind, 'CLOSED'),
  ]);
  await closing;
  assert.equal(alice.status().outgoing, 0);
});

test('QUEUE_FULL: too many datagrams wait for an address', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  await using alice = await quickPeer({ maxQueuedDatagrams: 10, drainTimeout: 10 });
  const sends = Array.from({ length: 10 }, () => alice.send(stub.address, HELLO));
  await rejects(alice.send(stub.address, HELLO), 'QUEUE_FULL');
  await alice.send(alice.address, HELLO);
  const closed = Promise.all(sends.map((send) => rejects(send, 'CLOSED')));
  await alice.close();
  await closed;
});

test('QUEUE_FULL: too many bytes, and there is room again when they are gone', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  await using alice = await quickPeer({ maxQueuedBytes: 1_000, drainTimeout: 10 });
  const stop = new AbortController();
  const first = alice.send(stub.address, Buffer.alloc(800), { signal: stop.signal });
  await rejects(alice.send(stub.address, Buffer.alloc(300)), 'QUEUE_FULL');
  stop.abort();
  await rejects(first, 'CANCELLED');
  const second = alice.send(stub.address, Buffer.alloc(300));
  assert.equal(only(alice).datagrams, 1);
  const closed = rejects(second, 'CLOSED');
  await alice.close();
  await closed;
});

test('QUEUE_FULL: too many addresses at once', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  await using alice = await quickPeer({ maxAddresses: 1, drainTimeout: 10 });
  const first = alice.send(stub.address, HELLO);
  await rejects(alice.send(alice.address, HELLO), 'QUEUE_FULL');
  const closed = rejects(first, 'CLOSED');
  await alice.close();
  await closed;
});
