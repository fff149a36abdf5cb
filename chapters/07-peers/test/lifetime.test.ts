import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { createPeer, PeerError } from '#peers';
import { until } from '../../01-framed-echo/test/raw-socket.ts';
import { outgoing, quickPeer, rejects, take } from './helpers.ts';
import { StubListener } from './stub-listener.ts';

const options = { timeout: 30_000 };
const HELLO = Buffer.from('hello');
const script = (name: string) => new URL(name, import.meta.url);

async function startProcess(port: number): Promise<{ child: ChildProcess; address: string }> {
  const child = fork(script('peer-process.ts'), { env: { ...process.env, PORT: String(port) } });
  const [{ address }] = (await once(child, 'message')) as [{ address: string }];
  return { child, address };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('a peer is killed, and comes back under its address', options, async () => {
  await using alice = await quickPeer();
  const first = await startProcess(0);
  const { address } = first;
  const greeting = once(first.child, 'message');
  await alice.send(address, Buffer.from('before'));
  assert.deepEqual((await greeting)[0], { text: 'before', from: alice.address });
  await kill(first.child);
  await until(() => outgoing(alice) === 0);
  for (let attempt = 0; attempt < 3; attempt++) await rejects(alice.send(address, HELLO), 'REFUSED');

  const second = await startProcess(Number(address.split(':')[1]));
  const again = once(second.child, 'message');
  await until(() =>
    alice.send(address, Buffer.from('after')).then(
      () => true,
      () => false,
    ),
  );
  assert.deepEqual((await again)[0], { text: 'after', from: alice.address });
  assert.equal(alice.status().addresses[0]?.failures, 0);
  await kill(second.child);
});

test(
  'a peer that is killed under fire: each send is settled, and those that failed say so',
  options,
  async () => {
    await using alice = await quickPeer();
    const { child, address } = await startProcess(0);
    child.on('message', () => {});
    let settled = 0;
    let failed = 0;
    const sends = Array.from({ length: 3_000 }, () =>
      alice.send(address, Buffer.alloc(10_000)).then(
        () => settled++,
        (error: unknown) => {
          assert.ok(error instanceof PeerError, String(error));
          assert.ok(['DISCONNECTED', 'REFUSED'].includes(error.code), error.code);
          settled++;
          failed++;
        },
      ),
    );
    await until(() => settled > 0);
    await kill(child);
    await Promise.all(sends);
    assert.equal(settled, 3_000);
    assert.ok(failed > 0, 'some had not been written when it was killed');
  },
);

test('closing sends what was under way first', options, async () => {
  const alice = await createPeer({ drainTimeoutMs: 30_000 });
  await using bob = await createPeer();
  const count = 500;
  const sends = Promise.all(
    Array.from({ length: count }, () => alice.send(bob.address, Buffer.alloc(5_000))),
  );
  const received = take(bob, count);
  await alice.close();
  assert.equal((await received).length, count);
  await sends;
});

test('a datagram whose send was fulfilled arrives at a peer that is closing', options, async () => {
  for (let round = 0; round < 10; round++) {
    const alice = await createPeer({ backoff: { initialMs: 1, maxMs: 5 } });
    const bob = await createPeer({ drainTimeoutMs: 30_000 });
    let fulfilled = 0;
    let received = 0;
    const count = (async () => {
      for await (const _ of bob.receive()) received++;
    })();
    await alice.send(bob.address, HELLO).then(() => fulfilled++);
    const sends = Array.from({ length: 200 }, async (_, n) => {
      for (let turn = 0; turn < n % 7; turn++) await new Promise(setImmediate);
      await alice.send(bob.address, HELLO).then(
        () => fulfilled++,
        () => {},
      );
    });
    await new Promise(setImmediate);
    await bob.close();
    await Promise.all(sends);
    await count;
    assert.equal(received, fulfilled);
    await alice.close();
  }
});

test('what waits to be received is handed out after close, then the loop ends', options, async () => {
  const alice = await createPeer();
  const bob = await createPeer();
  for (let n = 0; n < 10; n++) await alice.send(bob.address, Buffer.of(n));
  await until(() => bob.status().waiting === 10);
  await bob.close();
  const rest: number[] = [];
  for await (const { data } of bob.receive()) rest.push(data[0]!);
  assert.deepEqual(rest, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await alice.close();
});

test('close twice, close at once, and `await using`', options, async () => {
  const alice = await createPeer();
  assert.equal(alice.close(), alice.close());
  await alice.close();
  const port = Number(alice.address.split(':')[1]);
  {
    await using again = await createPeer({ port });
    assert.equal(again.address, alice.address);
  }
  const bob = await createPeer({ port });
  await bob.close();
});

test('close ends a receive() that waits', options, async () => {
  const alice = await createPeer();
  const next = alice.receive().next();
  await alice.close();
  assert.deepEqual(await next, { done: true, value: undefined });
});

test('close does not wait for an address that nobody sends to any more', options, async () => {
  await using stub = await StubListener.start({ answer: undefined });
  const alice = await createPeer({ drainTimeoutMs: 100_000 });
  const stop = new AbortController();
  const send = rejects(alice.send(stub.address, HELLO, { signal: stop.signal }), 'CANCELLED');
  stop.abort();
  await send;
  await alice.close();
});

test('close cuts off those who do not hang up', options, async () => {
  const bob = await quickPeer({ drainTimeoutMs: 30 });
  await using stub = await StubListener.start({ reads: false });
  const { connect } = await import('node:net');
  const socket = connect({ host: '127.0.0.1', port: Number(bob.address.split(':')[1]), allowHalfOpen: true });
  socket.on('error', () => {});
  await until(() => bob.status().incoming === 1);
  await bob.send(stub.address, HELLO);
  await bob.close();
  assert.equal(bob.status().incoming, 0, 'its incoming connections are gone');
  assert.equal(outgoing(bob), 0, 'its outgoing connections are gone');
  socket.destroy();
});

test('churn leaves no timers and no sockets: the process ends by itself', options, async () => {
  const child = fork(script('churn-process.ts'));
  const [[{ left }], [code]] = await Promise.all([
    once(child, 'message') as Promise<[{ left: string[] }]>,
    once(child, 'exit') as Promise<[number]>,
  ]);
  assert.deepEqual(left, []);
  assert.equal(code, 0);
});
