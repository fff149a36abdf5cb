import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker as startSmallBroker } from '#protocol/broker';
import { join, startBroker, take, texts } from './support.ts';

const timeout = 20_000;

/** What an error must have. */
const hasCode = (code: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === code;

test('a topic is made, asked about, purged and deleted', { timeout }, async (t) => {
  const { port } = await startBroker(t);
  const client = await join(t, port);
  await client.createTopic('orders', { retentionMs: 60_000, dedupeMs: 1_000 });
  for (const text of ['a', 'b', 'c']) await client.publish('orders', text, { confirm: true });
  const { logBytes, ...info } = await client.topicInfo('orders');
  const settings = { topic: 'orders', retentionMs: 60_000, dedupeMs: 1_000 };
  assert.deepEqual(info, { ...settings, firstId: 1, lastId: 3, readers: 0 }, 'what it holds');
  assert.ok(logBytes > 0, `${logBytes} bytes`);
  await client.purgeTopic('orders', { upTo: 2 });
  const subscription = await client.subscribe('orders', { from: 'earliest' });
  assert.deepEqual(texts(await take(subscription, 1)), ['c'], 'what is left after the purge');
  await client.purgeTopic('orders');
  assert.equal((await client.topicInfo('orders')).firstId, 4, 'nothing is left');
  await client.deleteTopic('orders');
  const { retentionMs, readers } = await client.topicInfo('orders');
  assert.deepEqual([retentionMs, readers], [0, 1], 'settings are gone, who subscribes stays');
  client.publish('orders', 'd');
  const [message] = await take(subscription, 1);
  assert.deepEqual([message?.id, message?.text()], [4, 'd'], 'ids go on');
});

test('what cannot be done is told by its code', { timeout }, async (t) => {
  const { port } = await startBroker(t);
  const client = await join(t, port);
  await assert.rejects(client.topicInfo('nowhere'), hasCode('NO_TOPIC'));
  await assert.rejects(client.deleteTopic('nowhere'), hasCode('NO_TOPIC'));
  await assert.rejects(client.purgeTopic('a.*'), hasCode('BAD_TOPIC'));
  await assert.rejects(client.purgeTopic('nowhere', { upTo: 0 }), /upTo/, 'up to 0 does not mean all');
  await assert.rejects(client.deleteTopic('$sys.status'), hasCode('DENIED'));
});

test('a broker that knows none of it says so', { timeout }, async (t) => {
  const broker = await startSmallBroker();
  t.after(() => broker.close());
  const client = await join(t, broker.port);
  await assert.rejects(client.deleteTopic('t'), hasCode('UNSUPPORTED'));
  await assert.rejects(client.topicInfo('t'), hasCode('UNSUPPORTED'));
});

test('a topic that was deleted is not made again at a broker that begins anew', { timeout }, async (t) => {
  const first = await startBroker(t);
  const { port } = first;
  const client = await join(t, port);
  await client.createTopic('kept', { retentionMs: 60_000 });
  await client.createTopic('gone', { retentionMs: 60_000 });
  await client.deleteTopic('gone');
  await first.close(0);
  await startBroker(t, { port });
  assert.equal((await client.topicInfo('kept')).retentionMs, 60_000, 'it is made again');
  await assert.rejects(client.topicInfo('gone'), hasCode('NO_TOPIC'), 'it is not');
});
