import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { encodeHello, encodeWelcome } from '#peers';
import { until } from '../../01-framed-echo/test/raw-socket.ts';
import { deserted, only, outgoing, quickPeer, rejects, TestClock, take } from './helpers.ts';
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

test('it opens more connections when none is free, up to its size', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  await using alice = await quickPeer({ maxPoolSize: 3, drainTimeoutMs: 10 });
  const sends: Promise<unknown>[] = [];
  for (let n = 1; n <= 6; n++) {
    const sent = n <= 3 ? 'maybe' : 'no';
    sends.push(rejects(alice.send(stub.address, HUGE.subarray(0, 10_000_000)), 'CLOSED', sent));
    await until(() => only(alice).writing === Math.min(n, 3), { what: `${n} large ones in 3 connections` });
  }
  assert.equal(only(alice).waiting, 3, 'the others wait');
  assert.equal(stub.sockets.length, 3, 'no more are opened');
  await alice.close();
  await Promise.all(sends);
});

test('small datagrams do not wait behind a large one that is stuck', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  await using alice = await quickPeer({ maxPoolSize: 2, drainTimeoutMs: 10 });
  const large = rejects(alice.send(stub.address, HUGE), 'CLOSED', 'maybe');
  await until(() => only(alice).writing === 1, { what: 'the large one is being written' });
  for (let n = 0; n < 100; n++) await alice.send(stub.address, HELLO);
  assert.equal(stub.sockets.length, 2, 'over a second connection');
  await alice.close();
  await large;
});

test('with a pool of one they do: head-of-line blocking', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  await using alice = await quickPeer({ maxPoolSize: 1, drainTimeoutMs: 10 });
  const large = rejects(alice.send(stub.address, HUGE), 'CLOSED', 'maybe');
  await until(() => only(alice).writing === 1, { what: 'the large one is being written' });
  await rejects(alice.send(stub.address, HELLO, { signal: AbortSignal.timeout(30) }), 'CANCELLED');
  await alice.close();
  await large;
});

test('idle connections are closed by the sweep, on the clock', options, async () => {
  const time = new TestClock();
  await using alice = await quickPeer({ clock: time.clock, idleTimeoutMs: 1_000 });
  await using bob = await quickPeer();
  await alice.send(bob.address, HELLO);
  time.now = 999;
  await time.swept();
  assert.equal(only(alice).ready, 1, 'not yet');
  time.now = 1_000;
  await until(() => outgoing(alice) === 0);
  await until(() => bob.status().incoming === 0);
  await until(() => alice.status().addresses.length === 0);
  await alice.send(bob.address, HELLO);
  assert.equal((await take(bob, 2)).length, 2, 'and it can be sent to again');
});

test('a connection that is used is not idle', options, async () => {
  const time = new TestClock();
  await using alice = await quickPeer({ clock: time.clock, idleTimeoutMs: 1_000 });
  await using stub = await StubListener.start();
  for (let n = 0; n < 20; n++) {
    await alice.send(stub.address, HELLO);
    time.now += 900;
    await time.swept();
  }
  assert.equal(stub.sockets.length, 1);
});

test('no datagram is lost at the moment of reaping', options, async () => {
  await using alice = await quickPeer({ idleTimeoutMs: 1, sweepMs: 1 });
  await using bob = await quickPeer();
  const received = take(bob, 300);
  for (let n = 0; n < 300; n++) {
    await alice.send(bob.address, HELLO);
    // Now and then long enough for it to be closed, wholly or not yet.
    if (n % 10 === 0) await until(() => outgoing(alice) === 0, { what: 'the idle connection is closed' });
    else for (let turn = 0; turn < n % 4; turn++) await new Promise(setImmediate);
  }
  assert.equal((await received).length, 300);
});

test('after a failed dial the next one waits for the backoff, and sends wait for it', options, async () => {
  const time = new TestClock();
  const { clock } = time;
  const backoff = { initialMs: 1_000, maxMs: 4_000, random: () => 0 };
  const address = await deserted();
  await using alice = await quickPeer({ clock, backoff, sendTimeoutMs: 100_000 });
  await rejects(alice.send(address, HELLO), 'REFUSED');
  assert.equal(only(alice).failures, 1, 'one dial has failed');
  const second = alice.send(address, HELLO);
  time.now = 499;
  await time.swept();
  const { connections, waiting } = only(alice);
  assert.deepEqual({ connections, waiting }, { connections: [], waiting: 1 }, 'it waits, and nobody dials');
  time.now = 500;
  await rejects(second, 'REFUSED');
  assert.equal(only(alice).failures, 2, 'two dials have failed');
  const third = alice.send(address, HELLO);
  time.now = 1_499;
  await time.swept();
  assert.equal(only(alice).failures, 2, 'twice as long the second time');
  time.now = 1_500;
  await rejects(third, 'REFUSED');
});

test('after a break the next dial waits for the backoff', options, async () => {
  const time = new TestClock();
  const { clock } = time;
  const backoff = { initialMs: 1_000, maxMs: 4_000, random: () => 0 };
  await using stub = await StubListener.start();
  await using alice = await quickPeer({ clock, backoff, sendTimeoutMs: 100_000 });
  await alice.send(stub.address, HELLO);
  stub.sockets[0]?.resetAndDestroy();
  await until(() => outgoing(alice) === 0, { what: 'the break is noticed' });
  assert.equal(only(alice).failures, 1, 'a break counts as a failure');
  const next = alice.send(stub.address, HELLO);
  time.now = 499;
  await time.swept();
  assert.deepEqual(only(alice).connections, [], 'nobody dials');
  time.now = 500;
  await next;
  assert.equal(stub.sockets.length, 2, 'a new connection');
});

test('the backoff is over with the first datagram that leaves', options, async () => {
  const address = await deserted();
  await using alice = await quickPeer();
  await rejects(alice.send(address, HELLO), 'REFUSED');
  await rejects(alice.send(address, HELLO), 'REFUSED');
  await using _stub = await StubListener.start({ port: Number(address.split(':')[1]) });
  await alice.send(address, HELLO);
  assert.equal(only(alice).failures, 0, 'as if it had never failed');
});

test('an address that failed is forgotten after its backoff', options, async () => {
  await using alice = await quickPeer();
  await rejects(alice.send(await deserted(), HELLO), 'REFUSED');
  await until(() => alice.status().addresses.length === 0);
});

test('a thousand sends in one turn are few writes', options, async (t) => {
  await using stub = await StubListener.start();
  await using alice = await quickPeer({ maxPoolSize: 1 });
  await alice.send(stub.address, HELLO);
  const before = encodeHello(alice.address).length + HELLO.length + 5;
  await until(() => stub.bytes === before, { what: 'the handshake and one datagram have come' });
  let writes = 0;
  const sockets = Socket.prototype as unknown as Record<string, (...given: unknown[]) => void>;
  // What Node calls once for each trip into the operating system.
  for (const name of ['_write', '_writev']) {
    const write = sockets[name]!;
    t.mock.method(sockets, name, function (this: Socket, ...given: unknown[]) {
      if (this.remotePort === stub.port) writes += 1;
      write.apply(this, given);
    });
  }
  await Promise.all(Array.from({ length: 1_000 }, () => alice.send(stub.address, HELLO)));
  assert.ok(writes > 0 && writes <= 10, `1,000 datagrams of one turn in ${writes} writes`);
  await until(() => stub.bytes === before + 1_000 * (HELLO.length + 5), { what: 'all have come' });
});

test('the listener goes on answering when a connection ends in good order', options, async () => {
  await using stub = await StubListener.start({ answer: encodeWelcome(1_000) });
  await using alice = await quickPeer();
  for (let round = 1; round <= 5; round++) {
    await alice.send(stub.address, HELLO);
    stub.sockets.at(-1)?.end();
    await until(() => outgoing(alice) === 0);
    assert.equal(stub.sockets.length, round);
  }
});
