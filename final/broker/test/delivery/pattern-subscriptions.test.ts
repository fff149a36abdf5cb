import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  commit,
  lag,
  publish,
  subscribe,
  unsubscribe,
} from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { brokerFor, clientFor } from '../start.ts';

const TIMEOUT = { timeout: 30_000 };

test('a pattern leads to topics that are there and to those that come', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const client = await clientFor(t, broker);
  client.frames(
    publish(1, 'a.b', 'before'),
    subscribe(2, 'a.*'),
    publish(3, 'a.b', 'one'),
    publish(4, 'a.c', 'two'),
  );
  await client.expect({ type: 'PUBLISHED', request: 1 });
  await client.expect({ type: 'OK', request: 2 });
  await client.expect({ type: 'PUBLISHED', request: 3 });
  await client.expect({ type: 'PUBLISHED', request: 4 });
  await client.expect({ type: 'MESSAGES', topic: 'a.b', firstId: 2 });
  await client.expect({ type: 'MESSAGES', topic: 'a.c', firstId: 1 });
  client.frames(publish(0, 'a', 'no'), publish(0, 'a.b.c', 'no'), publish(0, 'b.b', 'no'));
  await client.expectAlive();
});

test('windows and commits are those of each topic', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const client = await clientFor(t, broker);
  client.frames(
    subscribe(1, 'a.>', { window: 1 }),
    publish(0, 'a.b', '1', '2'),
    publish(0, 'a.c', '1'),
    lag(2),
  );
  await client.expect({ type: 'OK' });
  await client.expect({ type: 'LAG', messages: 3 });
  await client.expect({ type: 'MESSAGES', topic: 'a.b', firstId: 1 });
  await client.expect({ type: 'MESSAGES', topic: 'a.c', firstId: 1 });
  client.frames(commit('a.b', 1));
  await client.expect({ type: 'MESSAGES', topic: 'a.b', firstId: 2 });
  client.frames(commit('a.>', 1));
  await client.expectError('NOT_SUBSCRIBED');
});

test('overlapping patterns and names deliver once', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const client = await clientFor(t, broker);
  client.frames(subscribe(1, 'a.*'), subscribe(2, '>'), subscribe(3, 'a.b'), publish(0, 'a.b', 'x'));
  for (const request of [1, 2, 3]) await client.expect({ type: 'OK', request });
  await client.expect({ type: 'MESSAGES', topic: 'a.b' });
  await client.expectAlive();
});

test('UNSUBSCRIBE takes away what nothing else leads to', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const client = await clientFor(t, broker);
  client.frames(subscribe(1, 'a.*'), subscribe(2, 'a.b'), publish(3, 'a.c', 'x'));
  await client.expect({ type: 'OK' });
  await client.expect({ type: 'OK' });
  await client.expect({ type: 'PUBLISHED' });
  await client.expect({ type: 'MESSAGES', topic: 'a.c' });
  // The name's own subscription goes; the pattern still leads there.
  client.frames(unsubscribe(4, 'a.b'), publish(0, 'a.b', 'x'));
  await client.expect({ type: 'OK', request: 4 });
  await client.expect({ type: 'MESSAGES', topic: 'a.b' });
  client.frames(
    unsubscribe(5, 'a.*'),
    publish(0, 'a.b', 'x'),
    publish(0, 'a.c', 'x'),
    publish(0, 'a.d', 'x'),
  );
  await client.expect({ type: 'OK', request: 5 });
  await client.expectAlive();
  client.frames(unsubscribe(6, 'a.*'));
  await client.expectError('NOT_SUBSCRIBED', 6);
  assert.equal(broker.core.patterns.size, 0);
});

test('bad patterns', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const client = await clientFor(t, broker);
  client.frames(
    subscribe(1, 'a.>.b'),
    subscribe(2, 'a.*.'),
    subscribe(3, 'a.*', { start: 2 }),
    publish(4, 'a.*', 'x'),
  );
  await client.expectError('BAD_TOPIC', 1);
  await client.expectError('BAD_TOPIC', 2);
  await client.expectError('BAD_REQUEST', 3);
  await client.expectError('BAD_TOPIC', 4);
  await client.expectAlive();
});

test('a client that is gone leaves nothing behind', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const client = await clientFor(t, broker);
  const other = await clientFor(t, broker);
  client.frames(subscribe(1, '>'), subscribe(2, 'jobs', { group: 'g' }));
  await client.expect({ type: 'OK' });
  await client.expect({ type: 'OK' });
  await client.reset();
  other.frames(publish(1, 'a', 'x'), publish(2, 'jobs', 'x'));
  await other.expect({ type: 'PUBLISHED' });
  await other.expect({ type: 'PUBLISHED' });
  assert.equal(broker.core.patterns.size, 0);
  assert.deepEqual(
    broker.topics().map(({ readers, groups }) => [readers, groups.length]),
    [
      [0, 0],
      [0, 0],
    ],
  );
});
