import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRefuse, type PeerError } from '#peers';
import { until } from '../../01-framed-echo/test/raw-socket.ts';
import { deserted, only, outgoing, quickPeer, rejects, TestClock, take } from './helpers.ts';
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

test('REFUSED: the other peer is full', options, async () => {
  await using bob = await quickPeer({ maxIncoming: 1 });
  await using alice = await quickPeer();
  await using carol = await quickPeer();
  await alice.send(bob.address, HELLO);
  await rejects(carol.send(bob.address, HELLO), 'REFUSED');
  assert.equal(bob.status().incoming, 1, 'the one that was there');
  await alice.send(bob.address, HELLO);
});

test('UNREACHABLE: a host name that does not exist', options, async () => {
  await using alice = await quickPeer();
  await rejects(alice.send('nobody.invalid:4000', HELLO), 'UNREACHABLE');
});

test('UNREACHABLE: an address that no route leads to', options, async () => {
  await using alice = await quickPeer({ connectTimeoutMs: 200 });
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
  await using alice = await quickPeer({ connectTimeoutMs: 50 });
  await rejects(alice.send(stub.address, HELLO), 'TIMEOUT');
  await until(() => outgoing(alice) === 0);
});

test('TIMEOUT: a send that waits for the connection too long', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  const time = new TestClock();
  await using alice = await quickPeer({ clock: time.clock, sendTimeoutMs: 1_000, connectTimeoutMs: 100_000 });
  const early = alice.send(stub.address, HELLO);
  time.now = 500;
  const late = rejects(alice.send(stub.address, HELLO), 'CLOSED');
  time.now = 1_000;
  await rejects(early, 'TIMEOUT');
  await time.swept();
  assert.equal(only(alice).waiting, 1, 'the other still waits');
  await alice.close();
  await late;
});

test('TIMEOUT: a send that is being written may have arrived', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  const time = new TestClock();
  const { clock } = time;
  await using alice = await quickPeer({ clock, sendTimeoutMs: 100, maxPoolSize: 1, drainTimeoutMs: 10 });
  const written = alice.send(stub.address, HUGE);
  await until(() => only(alice).writing === 1, { what: 'the large one is being written' });
  const behind = alice.send(stub.address, HELLO);
  time.now = 100;
  await Promise.all([rejects(written, 'TIMEOUT', 'maybe'), rejects(behind, 'TIMEOUT', 'no')]);
});

test('TIMEOUT: the time of a write begins with the write', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  const time = new TestClock();
  const { clock } = time;
  await using alice = await quickPeer({ clock, stallTimeoutMs: 1_000, maxPoolSize: 1 });
  await alice.send(stub.address, HELLO);
  time.now = 9_000;
  await time.swept();
  const written = alice.send(stub.address, HUGE);
  await until(() => only(alice).writing === 1, { what: 'the large one is being written' });
  time.now = 9_999;
  await time.swept();
  assert.equal(only(alice).writing, 1, 'it has a millisecond left');
  const cut = rejects(written, 'TIMEOUT', 'maybe');
  time.now = 10_000;
  await cut;
});

test('TIMEOUT: a connection that makes no headway is given up', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  await using alice = await quickPeer({ stallTimeoutMs: 100, maxPoolSize: 1 });
  await rejects(alice.send(stub.address, HUGE), 'TIMEOUT', 'maybe');
  await until(() => outgoing(alice) === 0);
});

test('what is no bytes is refused', options, async () => {
  await using alice = await quickPeer();
  await assert.rejects(alice.send(alice.address, 'text' as unknown as Buffer), TypeError);
});

test('TOO_LARGE: above the own limit', options, async () => {
  await using alice = await quickPeer({ maxDatagramBytes: 100 });
  await rejects(alice.send(alice.address, Buffer.alloc(101)), 'TOO_LARGE');
  await alice.send(alice.address, Buffer.alloc(100));
  assert.equal((await take(alice, 1))[0]?.data.length, 100);
});

test('TOO_LARGE: above the limit of the other peer; the connection goes on', options, async () => {
  await using alice = await quickPeer({ maxPoolSize: 1 });
  await using bob = await quickPeer({ maxDatagramBytes: 100 });
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
  await using alice = await quickPeer({ maxPoolSize: 1 });
  const written = alice.send(stub.address, HUGE);
  await until(() => only(alice).writing === 1, { what: 'the large one is being written' });
  const behind = alice.send(stub.address, HELLO);
  stub.sockets[0]?.resetAndDestroy();
  await rejects(written, 'DISCONNECTED', 'maybe');
  await behind;
  assert.equal(stub.sockets.length, 2, 'what had not been written went over a new connection');
});

test('DISCONNECTED: the other side talks nonsense while a datagram is being written', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  await using alice = await quickPeer({ maxPoolSize: 1 });
  const written = alice.send(stub.address, HUGE);
  await until(() => only(alice).writing === 1, { what: 'the large one is being written' });
  stub.sockets[0]?.write('nonsense');
  // It did speak as a peer before: the sender hears that the connection broke, and why.
  const error = await rejects(written, 'DISCONNECTED', 'maybe');
  assert.equal((error.cause as PeerError).code, 'NOT_A_PEER', 'the cause says what was wrong');
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
  const alice = await quickPeer({ drainTimeoutMs: 50, maxPoolSize: 1 });
  const waiting = alice.send(silent.address, HELLO);
  const written = alice.send(stuck.address, HUGE);
  const writes = () => alice.status().addresses[1]?.connections.includes('writing') === true;
  await until(writes, { what: 'the large one is being written' });
  const behind = alice.send(stuck.address, HELLO);
  const closing = alice.close();
  await Promise.all([
    rejects(waiting, 'CLOSED'),
    rejects(written, 'CLOSED', 'maybe'),
    rejects(behind, 'CLOSED'),
  ]);
  await closing;
  assert.equal(outgoing(alice), 0);
});

test('QUEUE_FULL: too many datagrams wait for an address', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  // Each counts for 128 bytes more than it has.
  await using alice = await quickPeer({ maxQueuedBytes: 10 * (128 + HELLO.length), drainTimeoutMs: 10 });
  const sends = Array.from({ length: 10 }, () => alice.send(stub.address, HELLO));
  await rejects(alice.send(stub.address, Buffer.alloc(0)), 'QUEUE_FULL');
  await alice.send(alice.address, HELLO);
  const closed = Promise.all(sends.map((send) => rejects(send, 'CLOSED')));
  await alice.close();
  await closed;
});

test('QUEUE_FULL: too many bytes, and there is room again when they are gone', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  await using alice = await quickPeer({ maxQueuedBytes: 1_128, drainTimeoutMs: 10 });
  const stop = new AbortController();
  const first = alice.send(stub.address, Buffer.alloc(800), { signal: stop.signal });
  await rejects(alice.send(stub.address, Buffer.alloc(300)), 'QUEUE_FULL');
  stop.abort();
  await rejects(first, 'CANCELLED');
  await until(() => only(alice).waiting === 0, { what: 'the sweep forgets what is cancelled' });
  const second = alice.send(stub.address, Buffer.alloc(300));
  assert.equal(only(alice).waiting, 1, 'there is room again');
  const closed = rejects(second, 'CLOSED');
  await alice.close();
  await closed;
});

test('QUEUE_FULL: too many addresses at once', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  await using alice = await quickPeer({ maxAddresses: 1, drainTimeoutMs: 10 });
  const first = alice.send(stub.address, HELLO);
  await rejects(alice.send(alice.address, HELLO), 'QUEUE_FULL');
  const closed = rejects(first, 'CLOSED');
  await alice.close();
  await closed;
});
