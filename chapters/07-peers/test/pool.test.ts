import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeHello, encodeWelcome } from '#peers';
import { until } from '../../01-framed-echo/test/raw-socket.ts';
import { deserted, only, quickPeer, rejects, take } from './helpers.ts';
import { StubListener } from './stub-listener.ts';

const options = { timeout: 20_000 };
const HELLO = Buffer.from('hello');
const HUGE = Buffer.alloc(48 * 1_048_576);

test('small datagrams in sequence share one connection', options, async () => {
  await using alice = await quickPeer();
  await using bob = await quickPeer();
  for (let n = 0; n < 500; n++) await alice.send(bob.address, HELLO);
  assert.equal(only(alice).ready, 1);
  assert.equal(bob.status().incoming, 1);
});

test('it opens more connections when they are busy, up to its size', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  await using alice = await quickPeer({ maxDatagram: HUGE.length, poolSize: 3, drainTimeout: 10 });
  const sends: Promise<unknown>[] = [];
  for (let n = 0; n < 6; n++) {
    sends.push(
      rejects(alice.send(stub.address, HUGE.subarray(0, 10_000_000)), 'CLOSED', n < 3 ? 'maybe' : 'no'),
    );
    await until(() => only(alice).dialling === 0);
    await new Promise(setImmediate);
    assert.equal(only(alice).ready, Math.min(n + 2, 3), `after ${n + 1} large datagrams`);
  }
  assert.equal(stub.sockets.length, 3);
  await alice.close();
  await Promise.all(sends);
});

test('small datagrams do not wait behind a large one that is stuck', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  await using alice = await quickPeer({ maxDatagram: HUGE.length, poolSize: 2, drainTimeout: 10 });
  const large = rejects(alice.send(stub.address, HUGE), 'CLOSED', 'maybe');
  await until(() => only(alice).ready === 2);
  for (let n = 0; n < 100; n++) await alice.send(stub.address, HELLO);
  await alice.close();
  await large;
});

test('with a pool of one they do: head-of-line blocking', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  await using alice = await quickPeer({ maxDatagram: HUGE.length, poolSize: 1, drainTimeout: 10 });
  const large = rejects(alice.send(stub.address, HUGE), 'CLOSED', 'maybe');
  await until(() => only(alice).ready === 1);
  await new Promise(setImmediate);
  await rejects(alice.send(stub.address, HELLO, { timeout: 30 }), 'TIMEOUT');
  await alice.close();
  await large;
});

test('idle connections are closed by the sweep, on the clock', options, async () => {
  let time = 0;
  await using alice = await quickPeer({ clock: () => time, idleTimeout: 1_000 });
  await using bob = await quickPeer();
  await alice.send(bob.address, HELLO);
  time = 999;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(only(alice).ready, 1, 'not yet');
  time = 1_000;
  await until(() => alice.status().outgoing === 0);
  await until(() => bob.status().incoming === 0);
  await until(() => alice.status().addresses.length === 0);
  await alice.send(bob.address, HELLO);
  assert.equal((await take(bob, 2)).length, 2, 'and it can be sent to again');
});

test('a connection that is used is not idle', options, async () => {
  let time = 0;
  await using alice = await quickPeer({ clock: () => time, idleTimeout: 1_000 });
  await using stub = await StubListener.start();
  for (let n = 0; n < 20; n++) {
    await alice.send(stub.address, HELLO);
    time += 900;
    await new Promise((resolve) => setTimeout(resolve, 6));
  }
  assert.equal(stub.sockets.length, 1);
});

test('no datagram is lost at the moment of reaping', options, async () => {
  await using alice = await quickPeer({ idleTimeout: 1, sweepInterval: 1 });
  await using bob = await quickPeer();
  const received = take(bob, 300);
  for (let n = 0; n < 300; n++) {
    await alice.send(bob.address, HELLO);
    if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve, n % 5));
  }
  assert.equal((await received).length, 300);
});

test('after a failed dial the next one waits for the backoff, and sends wait for it', options, async () => {
  let time = 0;
  const random = () => 0;
  const address = await deserted();
  await using alice = await quickPeer({ clock: () => time, backoff: { initial: 1_000, max: 4_000, random } });
  await rejects(alice.send(address, HELLO), 'REFUSED');
  assert.equal(only(alice).failures, 1);
  const second = alice.send(address, HELLO, { timeout: 100_000 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { dialling, datagrams } = only(alice);
  assert.deepEqual({ dialling, datagrams }, { dialling: 0, datagrams: 1 }, 'it waits, and nobody dials');
  time = 500;
  await rejects(second, 'REFUSED');
  assert.equal(only(alice).failures, 2);
  const third = alice.send(address, HELLO, { timeout: 100_000 });
  time = 1_400;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(only(alice).failures, 2, 'twice as long the second time');
  time = 1_500;
  await rejects(third, 'REFUSED');
});

test('the backoff is over with the first datagram that leaves', options, async () => {
  const address = await deserted();
  await using alice = await quickPeer();
  await rejects(alice.send(address, HELLO), 'REFUSED');
  await rejects(alice.send(address, HELLO), 'REFUSED');
  await using _stub = await StubListener.start({ port: Number(address.split(':')[1]) });
  await alice.send(address, HELLO);
  assert.equal(only(alice).failures, 0);
});

test('an address that failed is forgotten after its backoff', options, async () => {
  await using alice = await quickPeer();
  await rejects(alice.send(await deserted(), HELLO), 'REFUSED');
  await until(() => alice.status().addresses.length === 0);
});

test('the total of connections is limited: an idle one makes room', options, async () => {
  await using alice = await quickPeer({ maxConnections: 2 });
  const stubs = await Promise.all(Array.from({ length: 6 }, () => StubListener.start()));
  for (const stub of stubs) {
    await alice.send(stub.address, HELLO);
    assert.ok(alice.status().outgoing <= 2);
  }
  assert.ok(stubs.filter((stub) => stub.open > 0).length <= 2);
  await Promise.all(stubs.map((stub) => stub.close()));
});

test('the total of connections is limited: 50 addresses at once get their turn', options, async () => {
  await using alice = await quickPeer({ maxConnections: 3 });
  const stubs = await Promise.all(Array.from({ length: 50 }, () => StubListener.start()));
  const watch = setInterval(() => assert.ok(alice.status().outgoing <= 3), 1);
  await Promise.all(stubs.map((stub) => alice.send(stub.address, HELLO)));
  clearInterval(watch);
  for (const stub of stubs) assert.equal(stub.sockets.length, 1);
  await Promise.all(stubs.map((stub) => stub.close()));
});

test('the total of connections is limited: who gets none hears TIMEOUT', options, async () => {
  await using silent = await StubListener.start({ answer: undefined });
  await using alice = await quickPeer({ maxConnections: 1, drainTimeout: 10 });
  const first = rejects(alice.send(silent.address, HELLO), 'CLOSED');
  await rejects(alice.send(alice.address, HELLO, { timeout: 20 }), 'TIMEOUT');
  await alice.close();
  await first;
});

test('a thousand sends in one turn are few writes', options, async () => {
  await using stub = await StubListener.start();
  await using alice = await quickPeer({ poolSize: 1 });
  await alice.send(stub.address, HELLO);
  const before = encodeHello(alice.address).length + HELLO.length + 5;
  await until(() => stub.bytes === before);
  let chunks = 0;
  stub.sockets[0]?.on('data', () => chunks++);
  await Promise.all(Array.from({ length: 1_000 }, () => alice.send(stub.address, HELLO)));
  await until(() => stub.bytes === before + 1_000 * (HELLO.length + 5));
  assert.ok(chunks <= 10, `${chunks} reads for 10,000 bytes`);
});

test('the listener goes on answering when a connection ends in good order', options, async () => {
  await using stub = await StubListener.start({ answer: encodeWelcome(1_000) });
  await using alice = await quickPeer();
  for (let round = 1; round <= 5; round++) {
    await alice.send(stub.address, HELLO);
    stub.sockets.at(-1)?.end();
    await until(() => alice.status().outgoing === 0);
    assert.equal(stub.sockets.length, round);
  }
});
