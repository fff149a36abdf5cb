import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { until } from '../../01-framed-echo/test/raw-socket.ts';
import { only, quickPeer, rejects, take, takeText } from './helpers.ts';
import { StubListener } from './stub-listener.ts';

const options = { timeout: 20_000 };
const HELLO = Buffer.from('hello');
const HUGE = Buffer.alloc(48 * 1_048_576);

test('before: nothing is sent', options, async () => {
  await using alice = await quickPeer();
  await using bob = await quickPeer();
  const reason = new Error('changed my mind');
  const error = await rejects(
    alice.send(bob.address, HELLO, { signal: AbortSignal.abort(reason) }),
    'CANCELLED',
  );
  assert.equal(error.cause, reason);
  await alice.send(bob.address, Buffer.from('the next'));
  assert.equal(await takeText(bob), 'the next');
  assert.equal(bob.status().waiting, 0, 'only that one has come');
});

test('during, while it waits: nothing is sent, and the others go on', options, async () => {
  await using alice = await quickPeer({ maxPoolSize: 1 });
  await using bob = await quickPeer();
  const stop = new AbortController();
  const first = alice.send(bob.address, Buffer.from('first'));
  const middle = alice.send(bob.address, Buffer.from('middle'), { signal: stop.signal });
  const last = alice.send(bob.address, Buffer.from('last'));
  stop.abort();
  await rejects(middle, 'CANCELLED', 'no');
  await Promise.all([first, last]);
  assert.deepEqual(
    (await take(bob, 2)).map(({ data }) => data.toString()),
    ['first', 'last'],
  );
});

test('during, on an open connection but in the same turn: nothing is sent', options, async () => {
  await using alice = await quickPeer();
  await using bob = await quickPeer();
  await alice.send(bob.address, Buffer.from('open'));
  const stop = new AbortController();
  const cancelled = alice.send(bob.address, HELLO, { signal: stop.signal });
  stop.abort();
  await rejects(cancelled, 'CANCELLED', 'no');
  await alice.send(bob.address, Buffer.from('after'));
  assert.deepEqual(
    (await take(bob, 2)).map(({ data }) => data.toString()),
    ['open', 'after'],
  );
});

test('during, while it is being written: told at once, and it may arrive', options, async () => {
  await using stub = await StubListener.start({ reads: false });
  await using alice = await quickPeer({ maxPoolSize: 1 });
  const stop = new AbortController();
  const written = alice.send(stub.address, HUGE, { signal: stop.signal });
  await until(() => only(alice).writing === 1, { what: 'the large one is being written' });
  stop.abort();
  await rejects(written, 'CANCELLED', 'maybe');
  // The frame is half out: the connection has to finish it before anything else can follow.
  const behind = alice.send(stub.address, HELLO);
  stub.sockets[0]?.resume();
  await behind;
  await until(() => stub.bytes > HUGE.length + HELLO.length);
});

test('after: nothing changes, and nothing is held', options, async () => {
  await using alice = await quickPeer();
  await using bob = await quickPeer();
  const stop = new AbortController();
  await alice.send(bob.address, HELLO, { signal: stop.signal });
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0, 'no listener is left on the signal');
  stop.abort();
  assert.equal(await takeText(bob), 'hello');
  await alice.send(bob.address, HELLO);
});

test('one signal cancels a thousand waiting sends', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  await using alice = await quickPeer();
  const stop = new AbortController();
  const sends = Array.from({ length: 1_000 }, () => alice.send(stub.address, HELLO, { signal: stop.signal }));
  assert.equal(getEventListeners(stop.signal, 'abort').length, 1, 'one listener for all');
  assert.equal(only(alice).waiting, 1_000, 'all wait for the handshake');
  stop.abort();
  await Promise.all(sends.map((send) => rejects(send, 'CANCELLED')));
  await until(() => only(alice).waiting === 0, { what: 'the sweep forgets what is cancelled' });
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0, 'no listener is left on the signal');
});

test('AbortSignal.timeout works as a signal', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  await using alice = await quickPeer();
  const error = await rejects(
    alice.send(stub.address, HELLO, { signal: AbortSignal.timeout(10) }),
    'CANCELLED',
  );
  assert.equal((error.cause as Error).name, 'TimeoutError');
});
