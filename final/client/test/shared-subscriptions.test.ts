/** Handlers that ask for the same share one subscription on the wire, and do not notice each other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker as startSmallBroker } from '#protocol/broker';
import type { Skipped } from '../index.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { FakeBroker, welcome } from './fake-broker.ts';
import { join, startBroker, until } from './support.ts';

const timeout = 30_000;

test('30 handlers of one topic work in one client, on one connection', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  for (const topic of ['news', 'weather.*']) {
    const got = Array.from({ length: 30 }, (): string[] => []);
    for (const texts of got) {
      await client.subscribe(topic, { onMessage: (message) => texts.push(message.text()) });
    }
    for (const text of ['one', 'two']) client.publish(topic.replace('*', 'oslo'), text);
    await until(() => got.every((texts) => texts.length >= 2));
    assert.deepEqual(
      got,
      got.map(() => ['one', 'two']),
      `each handler of ${topic} gets each message once`,
    );
  }
  assert.equal(broker.status().connections, 1, 'connections of the client');
  assert.equal((await client.topicInfo('news')).readers, 1, 'subscriptions on the wire');
});

test('handlers that are subscribed at the same moment, and before there is a connection', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t);
  const proxy = await startCuttingProxy(broker.port);
  t.after(() => proxy.close());
  const client = await join(t, proxy.port);
  proxy.cut();
  await until(() => client.status !== 'connected');
  let calls = 0;
  await Promise.all(Array.from({ length: 20 }, () => client.subscribe('news', { onMessage: () => calls++ })));
  await client.publish('news', 'x', { confirm: true });
  await until(() => calls >= 20);
  await client.flush();
  assert.equal(calls, 20, 'calls of 20 handlers for one message');
});

test('a handler that comes later gets what is published after its subscribe was called', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const got: number[][] = [];
  let published = 0;
  for (let i = 0; i < 20; i++) {
    const ids: number[] = [];
    got.push(ids);
    for (let j = 0; j < 10; j++, published++) client.publish('load', 'x');
    await client.subscribe('load', { onMessage: ({ id }) => ids.push(id) });
  }
  client.publish('load', 'last');
  published++;
  await until(() => got.every((ids) => ids.at(-1) === published));
  assert.deepEqual(
    got.map((ids) => [ids[0], ids.length]),
    got.map((_, i) => [(i + 1) * 10 + 1, published - (i + 1) * 10]),
    'the first id and the number of messages of each',
  );
});

test('the end of one leaves the others; the end of the last ends it on the wire', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const got: string[][] = [[], [], []];
  const subscriptions = [];
  for (const texts of got) {
    subscriptions.push(
      await client.subscribe('news', { onMessage: (message) => texts.push(message.text()) }),
    );
  }
  const [first, second, third] = subscriptions;
  client.publish('news', 'one');
  await until(() => got.every((texts) => texts.length === 1));
  await first?.unsubscribe();
  await first?.unsubscribe();
  assert.deepEqual([first?.active, second?.active], [false, true], 'who is still there');
  client.publish('news', 'two');
  await until(() => got[1]?.length === 2 && got[2]?.length === 2);
  await Promise.all([second?.unsubscribe(), third?.unsubscribe()]);
  assert.equal(
    (await client.topicInfo('news').catch(() => ({ readers: 0 }))).readers,
    0,
    'readers at the end',
  );
  await client.subscribe('news', { onMessage: (message) => got[0]?.push(message.text()) });
  await client.publish('news', 'three', { confirm: true });
  await until(() => got[0]?.length === 2);
  assert.deepEqual(
    got,
    [
      ['one', 'three'],
      ['one', 'two'],
      ['one', 'two'],
    ],
    'what each has got',
  );
});

test('what a handler does to a message, or throws, is of no concern to the others', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const failures: string[] = [];
  client.on('error', ({ message }) => failures.push(message));
  const got: string[] = [];
  await client.subscribe('news', {
    onMessage: (message) => {
      message.payload.fill(0);
      throw new Error('mine');
    },
  });
  await client.subscribe('news', { onMessage: (message) => got.push(message.text()) });
  client.publish('news', 'hello');
  await until(() => got.length === 1);
  assert.deepEqual(got, ['hello'], 'what the second handler sees');
  assert.match(failures.join(), /^a callback for news has thrown: mine$/, 'the failure of the first');
});

test('a lost connection and a new epoch: each goes on, and each is told', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const proxy = await startCuttingProxy(broker.port);
  t.after(() => proxy.close());
  const other = await join(t, broker.port);
  await other.createTopic('load', { retentionMs: 60_000 });
  const client = await join(t, proxy.port);
  const got: number[][] = [[], [], []];
  for (const ids of got) await client.subscribe('load', { onMessage: ({ id }) => ids.push(id) });
  for (let i = 1; i <= 30; i++) {
    await other.publish('load', 'x', { confirm: true });
    if (i % 10 > 0) continue;
    await until(() => got.every((ids) => ids.length === i));
    proxy.cut();
  }
  const all = Array.from({ length: 30 }, (_, i) => i + 1);
  assert.deepEqual(got, [all, all, all], 'each has got everything once');

  let epoch = 1;
  const fake = new FakeBroker((frame, answers) => {
    if (frame.type !== 'HELLO') return welcome(frame, answers);
    answers.send({ type: 'WELCOME', version: 1, connectionId: 7, maxFrameSize: 1_048_576, epoch: epoch++ });
  });
  const second = await fake.connect({ reconnect: { initialMs: 1 } });
  t.after(() => second.close({ deadline: 0 }));
  const skipped: Skipped[] = [];
  const options = { onMessage: () => {}, onSkipped: (gap: Skipped) => skipped.push(gap) };
  const failing = await second.subscribe('news', { ...options, failOnSkipped: true });
  const going = await second.subscribe('news', options);
  fake.end();
  await until(() => skipped.length === 2);
  assert.deepEqual(
    skipped.map(({ reason }) => reason),
    ['epoch', 'epoch'],
    'both are told',
  );
  assert.equal((await failing.ended)?.code, 'SKIPPED', 'one ends by it');
  assert.equal(going.active, true, 'the other goes on');
});

test('options that differ, and topics of the broker, are subscriptions of their own', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t);
  await (await join(t, broker.port)).createTopic('jobs', { retentionMs: 60_000 });
  const client = await join(t, broker.port);
  const seen: string[] = [];
  const name = (text: string) => ({ onMessage: () => seen.push(text) });
  client.publish('jobs', 'x');
  await client.subscribe('jobs', name('latest'));
  await client.subscribe('jobs', { ...name('earliest'), from: 'earliest' });
  await until(() => seen.length === 1);
  assert.deepEqual(seen, ['earliest'], 'who gets what was there before');
  await client.subscribe('$sys.status', name('status'));
  await until(() => seen.includes('status'));
  await client.subscribe('$sys.status', name('status 2'));
  await until(() => seen.includes('status 2'));
});

test('a refusal is told to all who wait for it; a broker of the chapters is no obstacle', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t, { auth: { anonymous: { publish: ['b'], subscribe: ['b'] } } });
  const client = await join(t, broker.port);
  const refused = await Promise.allSettled(
    [0, 1].map(() => client.subscribe('a', { onMessage: () => assert.fail('a message of a') })),
  );
  assert.deepEqual(
    refused.map((each) => each.status === 'rejected' && each.reason.code),
    ['DENIED', 'DENIED'],
    'both',
  );
  const small = await startSmallBroker();
  t.after(() => small.close());
  const third = await join(t, small.port);
  let calls = 0;
  for (let i = 0; i < 3; i++) await third.subscribe('news', { onMessage: () => calls++ });
  await third.publish('news', 'x', { confirm: true });
  await until(() => calls === 3);
});
