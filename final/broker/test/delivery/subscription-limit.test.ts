/** One limit for subscriptions of all kinds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  publish,
  subscribe,
  unsubscribe,
} from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { until } from '../harness.ts';
import { brokerFor, clientFor } from '../start.ts';

const TIMEOUT = { timeout: 30_000 };

test(
  'plain, group and pattern count towards one limit; who replaces one needs no room',
  TIMEOUT,
  async (t) => {
    const broker = await brokerFor(t, { maxSubscriptions: 3 });
    const client = await clientFor(t, broker);
    client.frames(
      subscribe(1, 'a'),
      subscribe(2, 'b', { group: 'g' }),
      subscribe(3, 'c.*'),
      subscribe(4, 'd'),
      subscribe(5, 'd', { group: 'g' }),
      subscribe(6, 'd.*'),
      subscribe(7, 'a', { group: 'g' }),
      subscribe(8, 'b'),
      unsubscribe(9, 'a'),
      subscribe(10, 'd'),
    );
    for (const request of [1, 2, 3]) await client.expect({ type: 'OK', request });
    for (const request of [4, 5, 6]) await client.expectError('LIMIT', request);
    for (const request of [7, 8, 9, 10]) await client.expect({ type: 'OK', request });
    assert.equal(broker.status().subscriptions, 3, 'as many as the limit allows');
    assert.equal(broker.core.topics.get('e'), undefined, 'a refused request leaves no topic');
  },
);

test('topics that a pattern leads to count too; that there are too many is said once', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { maxSubscriptions: 3 });
  const [client, publisher] = [await clientFor(t, broker), await clientFor(t, broker)];
  for (let i = 0; i < 5; i++) publisher.frames(publish(0, `c.${i}`, 'x'));
  await publisher.expectAlive();
  client.frames(subscribe(1, 'c.*'));
  await client.expect({ type: 'OK', request: 1 });
  await client.expectError('LIMIT', 0);
  for (let i = 0; i < 8; i++) publisher.frames(publish(0, `c.${i}`, `${i}`));
  await client.expect({ type: 'MESSAGES', topic: 'c.0' });
  await client.expect({ type: 'MESSAGES', topic: 'c.1' });
  await client.expectAlive();
});

test(
  'subscriptions of all connections are bounded; those of one that is gone make room',
  TIMEOUT,
  async (t) => {
    const broker = await brokerFor(t, { maxTotalSubscriptions: 4 });
    const [client, other] = [await clientFor(t, broker), await clientFor(t, broker)];
    client.frames(subscribe(1, 'a'), subscribe(2, 'b', { group: 'g' }), subscribe(3, '_inbox.mine'));
    for (const request of [1, 2, 3]) await client.expect({ type: 'OK', request });
    other.frames(publish(0, 'p.1', 'x'), publish(0, 'p.2', 'x'), subscribe(1, 'p.*'), subscribe(2, 'c'));
    await other.expect({ type: 'OK', request: 1 });
    await other.expectError('LIMIT', 0);
    await other.expectError('LIMIT', 2);
    client.frames(subscribe(4, 'b'), subscribe(5, 'd'), unsubscribe(6, 'a'), subscribe(7, 'a'));
    await client.expect({ type: 'OK', request: 4 });
    await client.expectError('LIMIT', 5);
    for (const request of [6, 7]) await client.expect({ type: 'OK', request });
    assert.equal(broker.status().subscriptions, 4, 'as many as the limit allows, patterns among them');
    assert.equal(broker.core.topics.get('c'), undefined, 'a refused request leaves no topic');
    await client.reset();
    await until(() => broker.status().subscriptions === 1, 'those of a client that is gone make room');
    other.frames(subscribe(3, 'p.*'), unsubscribe(4, 'p.*'));
    await other.expect({ type: 'OK', request: 3 });
    await other.expect({ type: 'OK', request: 4 });
    assert.equal(broker.status().subscriptions, 0, 'what a pattern led to goes with it');
  },
);

test(
  'patterns are bounded for a connection and for all; one that takes its own place needs no room',
  TIMEOUT,
  async (t) => {
    const broker = await brokerFor(t, { maxPatterns: 2, maxTotalPatterns: 3, maxPatternTokens: 3 });
    const [client, other] = [await clientFor(t, broker), await clientFor(t, broker)];
    client.frames(
      subscribe(1, 'a.*'),
      subscribe(2, 'b.*'),
      subscribe(3, 'c.*'),
      subscribe(4, 'b.*', { window: 1 }),
    );
    for (const request of [1, 2]) await client.expect({ type: 'OK', request });
    await client.expectError('LIMIT', 3);
    await client.expect({ type: 'OK', request: 4 });
    other.frames(subscribe(1, 'a.*'), subscribe(2, 'b.*'), subscribe(3, 'a.b.c.*'));
    await other.expect({ type: 'OK', request: 1 });
    await other.expectError('LIMIT', 2);
    await other.expectError('BAD_TOPIC', 3);
    await client.reset();
    await until(() => broker.core.patterns.size === 1, 'those of a client that is gone make room');
    other.frames(subscribe(4, 'b.*'));
    await other.expect({ type: 'OK', request: 4 });
  },
);

test(
  'a pattern over more topics than a connection may have is answered by one ERROR, and new topics by none',
  TIMEOUT,
  async (t) => {
    const broker = await brokerFor(t, { maxSubscriptions: 100 });
    const [client, publisher] = [await clientFor(t, broker), await clientFor(t, broker)];
    for (let i = 0; i < 500; i++) publisher.frames(publish(0, `c.${i}`, 'x'));
    await publisher.expectAlive();
    client.frames(subscribe(1, '>'));
    await client.expect({ type: 'OK', request: 1 });
    await client.expectError('LIMIT', 0);
    await client.expectAlive();
    for (let i = 0; i < 500; i++) publisher.frames(publish(0, `d.${i}`, 'x'));
    await publisher.expectAlive();
    await client.expectAlive();
    assert.equal(broker.status().subscriptions, 100, 'as many as it may have');
  },
);
