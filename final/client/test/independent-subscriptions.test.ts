/** Subscriptions of one client have nothing to do with one another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCuttingProxy } from './cutting-proxy.ts';
import { join, startBroker, take, texts, until } from './support.ts';

const timeout = 30_000;

test('two to one topic: each gets every message once, and the end of one leaves the other', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const [first, second] = [await client.subscribe('news'), await client.subscribe('news')];
  const called: string[] = [];
  await client.subscribe('news', { onMessage: (message) => called.push(message.text()) });
  for (const text of ['one', 'two']) client.publish('news', text);
  assert.deepEqual(texts(await take(first, 2)), ['one', 'two'], 'the first iterator');
  assert.deepEqual(texts(await take(second, 2)), ['one', 'two'], 'the second one');
  await until(() => called.length === 2);
  await first.unsubscribe();
  assert.equal(second.active, true, 'the second one goes on');
  client.publish('news', 'three');
  assert.deepEqual(texts(await take(second, 1)), ['three'], 'and gets what comes');
  await until(() => called.length === 3);
  assert.deepEqual(called, ['one', 'two', 'three'], 'the callback has got each once');
});

test('overlapping patterns and a topic of theirs: each handler is called once for each message', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const seen: Record<string, string[]> = {};
  for (const name of ['a.*', 'a.>', 'a.b', '>']) {
    const got: string[] = [];
    seen[name] = got;
    await client.subscribe(name, { onMessage: ({ topic, id }) => got.push(`${topic} ${id}`) });
  }
  client.publish('a.b', 'x');
  client.publish('a.b.c', 'x');
  client.publish('other', 'x');
  await client.flush();
  await until(() => seen['>']?.length === 3 && seen['a.>']?.length === 2 && seen['a.b']?.length === 1);
  await until(() => seen['a.*']?.length === 1);
  assert.deepEqual(
    Object.fromEntries(Object.entries(seen).map(([name, got]) => [name, got.sort()])),
    {
      'a.*': ['a.b 1'],
      'a.>': ['a.b 1', 'a.b.c 1'],
      'a.b': ['a.b 1'],
      '>': ['a.b 1', 'a.b.c 1', 'other 1'],
    },
    'each by its own pattern',
  );
});

test('windows, starts and groups are of each subscription alone', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  await client.createTopic('jobs', { retentionMs: 60_000 });
  for (let i = 1; i <= 5; i++) await client.publish('jobs', `${i}`, { confirm: true });
  const stuck = await client.subscribe('jobs', { from: 'earliest', window: 1 });
  const after = await client.subscribe('jobs', { from: { after: 3 } });
  const latest = await client.subscribe('jobs');
  const members = [
    await client.subscribe('jobs', { group: 'workers', window: 1, from: 'earliest' }),
    await client.subscribe('jobs', { group: 'workers', window: 1 }),
  ];
  await client.publish('jobs', '6', { confirm: true });
  assert.deepEqual(texts(await take(after, 3)), ['4', '5', '6'], 'after an id');
  assert.deepEqual(texts(await take(latest, 1)), ['6'], 'the latest');
  assert.deepEqual(texts(await take(stuck, 1)), ['1'], 'a window that nobody commits to');
  assert.equal(stuck.lag, 0, 'holds back the rest');
  const shared: string[] = [];
  await Promise.all(
    members.map(async (member) => {
      for await (const message of member) {
        shared.push(message.text());
        member.commit(message);
        if (shared.length === 6) await Promise.all(members.map((each) => each.unsubscribe()));
      }
    }),
  );
  assert.deepEqual(shared.sort(), ['1', '2', '3', '4', '5', '6'], 'two members of one group share');
  assert.ok((await client.lag()) >= 5, 'the lag is that of all');
});

test('each goes on by itself after a lost connection, and side connections go when nobody needs them', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t);
  const proxy = await startCuttingProxy(broker.port);
  t.after(() => proxy.close());
  const other = await join(t, broker.port);
  const client = await join(t, proxy.port);
  const got: number[][] = [[], [], []];
  const subscriptions = [];
  for (const ids of got) {
    subscriptions.push(await client.subscribe('load', { window: 50, onMessage: ({ id }) => ids.push(id) }));
  }
  await other.createTopic('load', { retentionMs: 60_000 });
  for (let i = 1; i <= 30; i++) {
    await other.publish('load', 'x', { confirm: true });
    if (i % 10 > 0) continue;
    // Who has got nothing yet would begin anew with what comes.
    await until(() => got.every((ids) => ids.length === i));
    proxy.cut();
  }
  const all = Array.from({ length: 30 }, (_, i) => i + 1);
  await until(() => got.every((ids) => ids.length >= 30));
  assert.deepEqual(got, [all, all, all], 'each has got everything once');
  await Promise.all(subscriptions.map((subscription) => subscription.unsubscribe()));
  await until(() => broker.status().connections <= 2);
  await client.ping();
});

test('too many that meet: LIMIT, and those that are there go on', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const subscriptions = [];
  for (let i = 0; i < 17; i++) subscriptions.push(await client.subscribe('news'));
  await assert.rejects(client.subscribe('news'), { code: 'LIMIT', message: /meet at news .*another client/ });
  client.publish('news', 'x');
  for (const subscription of subscriptions)
    assert.equal((await take(subscription, 1)).length, 1, 'one message');
  await client.close();
  await until(() => broker.status().connections === 0);
});

test('a side connection that is refused fails its subscription only', { timeout }, async (t) => {
  const broker = await startBroker(t, { maxConnections: 1 });
  const client = await join(t, broker.port, { reconnect: { initialMs: 5, maxAttempts: 2 } });
  const first = await client.subscribe('news');
  await assert.rejects(client.subscribe('news'), { code: 'DISCONNECTED', message: /connections/ });
  client.publish('news', 'x');
  assert.deepEqual(texts(await take(first, 1)), ['x'], 'the first one goes on');
});
