// deadline: 90 s
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBroker } from '../../index.ts';
import type { Skipped, StatusChange } from '../index.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { join, seeded, startBroker, take, texts, until } from './support.ts';

const timeout = 60_000;
/** How often a connection is cut. `LEVERET_CUTS=50` for a long run. */
const CUTS = Number(process.env.LEVERET_CUTS ?? 20);

for (const window of [0, 1, 64]) {
  test(`nothing confirmed is missing or doubled after ${CUTS} cuts, window ${window}`, {
    timeout,
  }, async (t) => {
    const seed = Number(process.env.SEED ?? 7 + window);
    const random = seeded(seed);
    const broker = await startBroker(t);
    const proxy = await startCuttingProxy(broker.port);
    t.after(() => proxy.close());
    const publisher = await join(t, proxy.port);
    const subscriber = await join(t, proxy.port);
    await publisher.createTopic('load', { retentionMs: 600_000 });
    const skipped: Skipped[] = [];
    const subscription = await subscriber.subscribe('load', {
      from: 'earliest',
      window,
      onSkipped: (gap) => skipped.push(gap),
    });

    const confirmed = new Map<number, string>();
    let maybe = 0;
    let publishing = true;
    const publish = async () => {
      for (let n = 0; publishing; n++) {
        const text = `message ${n} ${'x'.repeat(n % 200)}`;
        publisher.publish('load', text, { confirm: true }).then(
          ({ id }) => confirmed.set(id!, text),
          (error) => {
            assert.equal(error.code, 'DISCONNECTED');
            maybe++;
          },
        );
        if (n % 20 === 0) {
          await publisher.ready();
          await new Promise(setImmediate);
        }
      }
    };
    const received: { id: number; text: string }[] = [];
    let outstanding = 0;
    const read = async () => {
      for await (const message of subscription) {
        outstanding++;
        if (window > 0) assert.ok(outstanding <= window, `${outstanding} at a time, window ${window}`);
        received.push({ id: message.id, text: message.text() });
        // Often slow, so that most cuts find something that is delivered and not committed.
        if (message.id % 3 === 0) await new Promise(setImmediate);
        outstanding--;
        subscription.commit(message);
      }
    };
    const publishDone = publish();
    const readDone = read();
    while (proxy.cuts < CUTS) {
      const before = proxy.cuts;
      const seen = received.length;
      await until(() => proxy.connections === 2 && received.length > seen);
      proxy.cutAfter(Math.floor(random() * 3_000), random() < 0.5 ? 'up' : 'down');
      await until(() => proxy.cuts > before);
    }
    publishing = false;
    await publishDone;
    proxy.cutAfter(Infinity, 'up');
    proxy.cutAfter(Infinity, 'down');
    // One of the two may still have been cut after the last one that was counted.
    await publisher.flush().catch(() => publisher.flush());
    const last = Math.max(...confirmed.keys());
    await until(() => (received.at(-1)?.id ?? 0) >= last);
    await subscription.unsubscribe();
    await readDone;

    const ids = received.map(({ id }) => id);
    assert.deepEqual(
      ids,
      ids.map((_, i) => i + 1),
      `seed ${seed}: every id once and in order`,
    );
    for (const { id, text } of received) if (confirmed.has(id)) assert.equal(confirmed.get(id), text);
    assert.ok(confirmed.size > 0, 'nothing was confirmed between the cuts');
    assert.deepEqual(skipped, []);
    t.diagnostic(`${confirmed.size} confirmed, ${maybe} unknown, ${received.length} received`);
  });
}

test('a publish with retry and a key is published once, however often it is sent', { timeout }, async (t) => {
  const random = seeded(11);
  const broker = await startBroker(t);
  const proxy = await startCuttingProxy(broker.port);
  t.after(() => proxy.close());
  const publisher = await join(t, proxy.port);
  await publisher.createTopic('orders', { retentionMs: 600_000, dedupeMs: 600_000 });
  const confirmations: Promise<unknown>[] = [];
  for (let n = 0; proxy.cuts < 10; n++) {
    const before = proxy.cuts;
    proxy.cutAfter(Math.floor(random() * 180), n % 2 === 0 ? 'up' : 'down');
    for (let i = 0; i < 10; i++) {
      const key = `order ${confirmations.length}`;
      confirmations.push(publisher.publish('orders', key, { confirm: true, key, retry: true }));
    }
    await until(() => proxy.cuts > before);
    await until(() => proxy.connections === 1 && publisher.status === 'connected');
  }
  await Promise.all(confirmations);
  const reader = await join(t, broker.port);
  const subscription = await reader.subscribe('orders', { from: 'earliest' });
  const got = texts(await take(subscription, confirmations.length));
  assert.equal(new Set(got).size, confirmations.length);
  assert.equal(broker.topics()[0]?.lastId, confirmations.length);
});

test('a retry is refused where it could double', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  await client.createTopic('plain');
  await client.createTopic('dedupes', { dedupeMs: 1000 });
  const options = { confirm: true, retry: true } as const;
  await assert.rejects(client.publish('plain', 'x', { ...options, key: 'k' }), { code: 'BAD_RETRY' });
  await assert.rejects(client.publish('dedupes', 'x', options), { code: 'BAD_RETRY' });
  await client.publish('dedupes', 'x', { ...options, key: 'k' });
});

test('a broker that began anew: the subscriber is told, and gets what there is', { timeout }, async (t) => {
  const first = await createBroker({ port: 0 });
  const { port } = first;
  const client = await join(t, port);
  await client.createTopic('news', { retentionMs: 60_000 });
  const skipped: Skipped[] = [];
  const subscription = await client.subscribe('news', {
    from: 'earliest',
    window: 10,
    onSkipped: (gap) => skipped.push(gap),
  });
  for (const text of ['one', 'two']) await client.publish('news', text, { confirm: true });
  const before = await take(subscription, 2);
  subscription.commit(before[1]!);
  const { epoch } = client;
  await first.close(0);
  await until(() => client.status === 'reconnecting');
  // Published while there is no broker: it waits for the next one.
  const confirmation = client.publish('news', 'three', { confirm: true });
  const second = await createBroker({ port });
  t.after(() => second.close(0));
  assert.deepEqual(await confirmation, { id: 1 });
  const [message] = await take(subscription, 1);
  assert.equal(message?.text(), 'three');
  assert.equal(message?.id, 1);
  assert.notEqual(client.epoch, epoch);
  assert.deepEqual(skipped, [{ topic: 'news', reason: 'epoch', fromId: 0, toId: 0 }]);
  assert.equal(second.topics()[0]?.retentionMs, 60_000, 'the topic is made again, with its settings');
});

test('a commit of an earlier epoch counts for nothing in the next', { timeout }, async (t) => {
  const first = await createBroker({ port: 0 });
  const client = await join(t, first.port);
  const subscription = await client.subscribe('news', { from: 'earliest', window: 5 });
  for (let i = 0; i < 5; i++) client.publish('news', `old ${i}`);
  const old = await take(subscription, 5);
  const { epoch } = client;
  await first.close(0);
  const second = await createBroker({ port: first.port });
  t.after(() => second.close(0));
  await until(() => client.epoch !== epoch);
  subscription.commit(old[4]!);
  for (let i = 0; i < 10; i++) client.publish('news', `new ${i}`);
  await client.flush();
  await until(() => subscription.lag === 5);
  await client.flush();
  assert.equal(subscription.lag, 5, 'the window is closed: nothing new is committed');
  const fresh = await take(subscription, 5);
  subscription.commit(fresh[4]!);
  assert.deepEqual(texts(await take(subscription, 5)), ['new 5', 'new 6', 'new 7', 'new 8', 'new 9']);
});

test('a gap ends the iteration where the program asks for that', { timeout }, async (t) => {
  const first = await createBroker({ port: 0 });
  const client = await join(t, first.port);
  const subscription = await client.subscribe('news', { from: 'earliest', failOnSkipped: true });
  client.publish('news', 'one');
  await take(subscription, 1);
  await first.close(0);
  const second = await createBroker({ port: first.port });
  t.after(() => second.close(0));
  await assert.rejects(take(subscription, 1), { code: 'SKIPPED' });
});

test('what was collected while away is told by the ids that are lost', { timeout }, async (t) => {
  const broker = await startBroker(t, { maxRetainedBytes: 20_000 });
  const proxy = await startCuttingProxy(broker.port);
  t.after(() => proxy.close());
  const publisher = await join(t, broker.port);
  const subscriber = await join(t, proxy.port, { connectTimeoutMs: 200 });
  await publisher.createTopic('news', { retentionMs: 60_000 });
  const skipped: Skipped[] = [];
  const subscription = await subscriber.subscribe('news', {
    from: 'earliest',
    onSkipped: (gap) => skipped.push(gap),
  });
  await publisher.publish('news', 'one', { confirm: true });
  await take(subscription, 1);
  proxy.silent = true;
  proxy.cut();
  const payload = new Uint8Array(1000);
  for (let i = 0; i < 500; i++) await publisher.publish('news', payload, { confirm: true });
  proxy.silent = false;
  const [message] = await take(subscription, 1);
  assert.equal(skipped.length, 1);
  assert.deepEqual({ ...skipped[0], toId: 0 }, { topic: 'news', reason: 'lost', fromId: 2, toId: 0 });
  assert.equal(message!.id, skipped[0]!.toId + 1);
});

test('a pattern goes on in each topic where it was', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const proxy = await startCuttingProxy(broker.port);
  t.after(() => proxy.close());
  const publisher = await join(t, broker.port);
  const subscriber = await join(t, proxy.port, { connectTimeoutMs: 200 });
  for (const topic of ['a.x', 'a.y', 'a.z']) await publisher.createTopic(topic, { retentionMs: 60_000 });
  const subscription = await subscriber.subscribe('a.*', { from: 'earliest', window: 5 });
  await publisher.publish('a.x', 'x1', { confirm: true });
  await publisher.publish('a.y', 'y1', { confirm: true });
  const before = await take(subscription, 2);
  for (const message of before) subscription.commit(message);
  await subscriber.flush();
  proxy.silent = true;
  proxy.cut();
  for (const text of ['x2', 'y2', 'z1']) {
    await publisher.publish(`a.${text[0]}`, text, { confirm: true });
  }
  proxy.silent = false;
  const after = await take(subscription, 3);
  assert.deepEqual(texts(after).sort(), ['x2', 'y2', 'z1']);
  await subscription.unsubscribe();
  assert.equal(
    broker.topics().reduce((sum, topic) => sum + topic.readers, 0),
    0,
  );
});

test('a connection that fell silent is given up, and there is another', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const proxy = await startCuttingProxy(broker.port);
  t.after(() => proxy.close());
  const client = await join(t, proxy.port, { keepAliveMs: 20 });
  const seen: StatusChange[] = [];
  client.on('status', (change) => seen.push(change));
  proxy.silent = true;
  await until(() => client.status === 'reconnecting');
  proxy.silent = false;
  await until(() => client.status === 'connected');
  assert.match(seen[0]?.error?.message ?? '', /silent for 40 ms/);
  assert.equal(seen[0]?.attempt, 1);
  await client.ping();
});

test('a broker that shuts down is waited for, one that refuses is not', { timeout }, async (t) => {
  const first = await createBroker({ port: 0, auth: { tokens: [{ token: 'old' }] } });
  const client = await join(t, first.port, { token: 'old' });
  await first.close(0);
  await until(() => client.status === 'reconnecting');
  const waits = client.request('x', 'y');
  const second = await createBroker({ port: first.port, auth: { tokens: [{ token: 'new' }] } });
  t.after(() => second.close(0));
  await assert.rejects(waits, { code: 'DENIED' });
  assert.equal((await client.closed)?.code, 'DENIED');
  assert.equal(client.status, 'closed');
  assert.throws(() => client.publish('x', 'y'), { code: 'DENIED' });
  await assert.rejects(client.subscribe('x'), { code: 'DENIED' });
});

test('it gives up after as many attempts as it was told', { timeout }, async (t) => {
  const broker = await createBroker({ port: 0 });
  const client = await join(t, broker.port, { reconnect: { initialMs: 1, maxAttempts: 3 } });
  const subscription = await client.subscribe('news');
  const iteration = take(subscription, 1);
  const attempts: (number | undefined)[] = [];
  client.on('status', ({ attempt }) => attempts.push(attempt));
  await broker.close(0);
  const error = await client.closed;
  assert.equal(error?.code, 'DISCONNECTED');
  assert.match(error?.message ?? '', /gave up after 3 attempts/);
  assert.deepEqual(attempts, [1, 2, 3, undefined]);
  await assert.rejects(iteration, { code: 'DISCONNECTED' });
});

test('without reconnect the first loss is the end', { timeout }, async (t) => {
  const broker = await createBroker({ port: 0 });
  const client = await join(t, broker.port, { reconnect: false });
  await broker.close(0);
  assert.equal((await client.closed)?.code, 'DISCONNECTED');
});

test('another address takes over', { timeout }, async (t) => {
  const gone = await createBroker({ port: 0 });
  await gone.close(0);
  const broker = await startBroker(t);
  const { connect } = await import('../index.ts');
  const urls = [`leveret://127.0.0.1:${gone.port}`, `leveret://127.0.0.1:${broker.port}`];
  const client = await connect(urls);
  t.after(() => client.close({ deadline: 0 }));
  await client.ping();
});
