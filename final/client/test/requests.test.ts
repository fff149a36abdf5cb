import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCuttingProxy } from './cutting-proxy.ts';
import { join, startBroker, until } from './support.ts';

const timeout = 20_000;

test('a request gets its reply, many at a time each its own', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const asker = await join(t, broker.port);
  const answerer = await join(t, broker.port);
  await answerer.respond('double', async (request) => {
    // Answered out of order.
    if (Number(request.text()) % 3 === 0) await answerer.ping();
    return `${Number(request.text()) * 2}`;
  });
  const replies = await Promise.all(Array.from({ length: 500 }, (_, i) => asker.request('double', `${i}`)));
  assert.deepEqual(
    replies.map((reply) => reply.text()),
    replies.map((_, i) => `${i * 2}`),
  );
  assert.deepEqual((await asker.request('double', new Uint8Array([49]))).text(), '2');
});

test('an error of the handler rejects, with its message and no more', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const errors: unknown[] = [];
  await client.respond(
    'fails',
    (request) => {
      if (request.text() === 'now') throw new Error('at once');
      if (request.text() === 'large') return new Uint8Array(2_000_000);
      return Promise.reject(new Error('later'));
    },
    { onError: (error) => errors.push(error) },
  );
  for (const [text, message] of [
    ['now', /failed: at once$/],
    ['then', /failed: later$/],
    ['large', /failed: a message of 2000001 bytes/],
  ] as const) {
    await assert.rejects(client.request('fails', text), { code: 'HANDLER_FAILED', message });
  }
  assert.equal(errors.length, 3);
});

test('nobody there is said clearly', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const message = 'no reply from nobody within 20 ms: does anybody respond to it?';
  await assert.rejects(client.request('nobody', '', { timeout: 20 }), { code: 'TIMEOUT', message });
  const controller = new AbortController();
  const waits = client.request('nobody', '', { signal: controller.signal });
  controller.abort();
  await assert.rejects(waits, { code: 'ABORTED' });
});

test('in a group one answers; what one who died left undone another does', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const asker = await join(t, broker.port);
  const dies = await join(t, broker.port);
  const lives = await join(t, broker.port);
  let stuck = 0;
  await dies.respond(
    'work',
    () => {
      stuck++;
      return new Promise(() => {});
    },
    { group: 'workers' },
  );
  const requests = [1, 2, 3].map((i) => asker.request('work', `${i}`));
  await until(() => stuck === 3);
  await lives.respond('work', (request) => `done ${request.text()}`, { group: 'workers' });
  await dies.close({ deadline: 0 });
  assert.deepEqual(
    (await Promise.all(requests)).map((reply) => reply.text()),
    ['done 1', 'done 2', 'done 3'],
  );
});

test('requests at work are bounded', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  let working = 0;
  let most = 0;
  await client.respond(
    'slow',
    async () => {
      most = Math.max(most, ++working);
      await client.ping();
      working--;
      return '';
    },
    { concurrency: 2 },
  );
  await Promise.all(Array.from({ length: 20 }, () => client.request('slow', '')));
  assert.equal(most, 2);
});

test('a lost connection rejects what waits, and the next request works', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const proxy = await startCuttingProxy(broker.port);
  t.after(() => proxy.close());
  const asker = await join(t, proxy.port);
  const answerer = await join(t, broker.port);
  await answerer.respond('echo', (request) => request.payload);
  assert.equal((await asker.request('echo', 'one')).text(), 'one');
  const waits = asker.request('nobody', 'x');
  await asker.flush();
  proxy.cut();
  await assert.rejects(waits, { code: 'DISCONNECTED' });
  assert.equal((await asker.request('echo', 'two')).text(), 'two');
});

test('an inbox cannot be listened to by a wildcard, and goes with its client', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const asker = await join(t, broker.port);
  const spy = await join(t, broker.port);
  const seen: string[] = [];
  await spy.subscribe('>', { onMessage: (message) => seen.push(message.topic) });
  const answerer = await join(t, broker.port);
  await answerer.respond('echo', () => 'secret');
  await asker.request('echo', '');
  await spy.flush();
  assert.deepEqual(seen, ['echo']);
  await asker.close();
  await until(() => !broker.topics().some(({ name }) => name.startsWith('_inbox.')));
});
