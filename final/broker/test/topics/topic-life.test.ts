/** The life of a topic over sockets: it comes by use, tells what it holds, is purged and deleted, and vanishes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientFrame, Start } from '#protocol';
import type { RawClient } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import {
  commit,
  create,
  publish,
  subscribe,
  unsubscribe,
} from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { readUpTo, TIMEOUT, until, withBroker } from '../harness.ts';

/** Sends a frame and expects OK. */
async function ok(client: RawClient, frame: ClientFrame): Promise<void> {
  client.frames(frame);
  await client.expect({ type: 'OK', ...('request' in frame && { request: frame.request }) });
}

/** Publishes one message to each of so many topics. */
async function flood(client: RawClient, count: number): Promise<void> {
  for (let i = 0; i < count; i++) client.frames(publish(0, `flood.${i}`, 'x'));
  await client.expectAlive();
}

test('a flood that used up all topics takes no place from a new one', { timeout: TIMEOUT }, async () => {
  await withBroker({ maxTopics: 1_000, topicIdleMs: 60_000 }, async ({ running, hello }) => {
    await flood(await hello(), 1_000);
    assert.equal(running.core.topics.size, 1_000, 'all topics are used up');
    const other = await hello();
    other.frames(publish(1, 'new', 'hello'));
    await other.expect({ type: 'PUBLISHED', request: 1, count: 1 });
    assert.equal(running.core.topics.size, 1_000, 'one of the flood has made room');
  });
});

test('a flood of topics is gone a moment later, and their ids go on', { timeout: TIMEOUT }, async () => {
  await withBroker({ maxTopics: 1_000, topicIdleMs: 100 }, async ({ running, hello }) => {
    const client = await hello();
    await flood(client, 1_000);
    await until(() => running.core.topics.size === 0, 'all topics vanish');
    client.frames(publish(2, 'flood.7', 'x'), publish(3, 'new', 'x'));
    await client.expect({ type: 'PUBLISHED', request: 2, firstId: 2 });
    await client.expect({ type: 'PUBLISHED', request: 3, firstId: 1 });
  });
});

test('with nobody connected topics vanish too', { timeout: TIMEOUT }, async () => {
  await withBroker({ topicIdleMs: 100 }, async ({ running, hello }) => {
    const client = await hello();
    await ok(client, create(1, 'made'));
    client.frames(publish(2, 't', 'a'));
    await client.expect({ type: 'PUBLISHED' });
    await client.close();
    await until(() => running.core.topics.size === 1, 'the topic vanishes');
    assert.ok(running.core.topics.get('made'), 'one that was created stays');
  });
});

test('subscribed to and left again: it vanishes; resumed after its last id: no gap', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({ topicIdleMs: 50 }, async ({ running, hello }) => {
    const client = await hello();
    await ok(client, subscribe(1, 't'));
    client.frames(publish(2, 't', 'a', 'b'));
    assert.deepEqual(await readUpTo(client, 1, 2), { got: 2, skipped: 0 });
    await ok(client, unsubscribe(3, 't'));
    await until(() => running.core.topics.get('t') === undefined, 'the topic vanishes');
    client.frames(subscribe(4, 't', { start: Start.AFTER, after: 3 }));
    await client.expectError('OUT_OF_RANGE', 4);
    assert.equal(running.core.topics.get('t'), undefined, 'a refused SUBSCRIBE leaves no topic behind');
    await ok(client, subscribe(5, 't', { start: Start.AFTER, after: 2 }));
    client.frames(publish(6, 't', 'c'));
    assert.deepEqual(await readUpTo(client, 3, 3), { got: 1, skipped: 0 });
  });
});

test('who published to a topic that has vanished publishes to the one of that name', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({ topicIdleMs: 50 }, async ({ running, hello }) => {
    const [publisher, reader] = [await hello(), await hello()];
    publisher.frames(publish(1, 't', 'a'));
    await publisher.expect({ type: 'PUBLISHED', firstId: 1 });
    await until(() => running.core.topics.get('t') === undefined, 'the topic vanishes');
    await ok(reader, subscribe(1, 't'));
    publisher.frames(publish(2, 't', 'b'));
    assert.deepEqual(await readUpTo(reader, 2, 2), { got: 1, skipped: 0 });
  });
});

test('PURGE takes messages away from who is to come, and INFO tells so', { timeout: TIMEOUT }, async () => {
  await withBroker({}, async ({ hello }) => {
    const client = await hello();
    await ok(client, create(1, 't', 60_000));
    client.frames(publish(2, 't', 'a', 'b', 'c'));
    await client.expect({ type: 'PUBLISHED' });
    await ok(client, { type: 'PURGE', request: 3, topic: 't', upTo: 2 });
    client.frames({ type: 'INFO', request: 4, topic: 't' });
    const settings = { retentionMs: 60_000, dedupeMs: 0 };
    await client.expect({ type: 'TOPIC', request: 4, ...settings, firstId: 3, lastId: 3, readers: 0 });
    await ok(client, subscribe(5, 't', { start: Start.AFTER, after: 0 }));
    assert.deepEqual(await readUpTo(client, 1, 3), { got: 1, skipped: 2 });
    await ok(client, { type: 'PURGE', request: 6, topic: 't', upTo: Number.MAX_SAFE_INTEGER });
    client.frames({ type: 'INFO', request: 7, topic: 't' });
    await client.expect({ type: 'TOPIC', request: 7, ...settings, firstId: 4, lastId: 3, readers: 1 });
  });
});

test('DELETE: a group goes on behind what is gone, and its members may still commit', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({}, async ({ hello }) => {
    const [client, member] = [await hello(), await hello()];
    await ok(client, create(1, 't', 60_000));
    client.frames(publish(2, 't', 'a', 'b', 'c'));
    await client.expect({ type: 'PUBLISHED' });
    await ok(member, subscribe(1, 't', { start: Start.EARLIEST, group: 'g', window: 1 }));
    await member.expect({ type: 'MESSAGES', firstId: 1 });
    await ok(client, { type: 'DELETE', request: 3, topic: 't' });
    await member.expect({ type: 'SKIPPED', fromId: 2, toId: 3 });
    client.frames(publish(4, 't', 'd'));
    await client.expect({ type: 'PUBLISHED', firstId: 4 });
    member.frames(commit('t', 1));
    await member.expect({ type: 'MESSAGES', firstId: 4 });
    client.frames({ type: 'INFO', request: 5, topic: 't' });
    await client.expect({ type: 'TOPIC', retentionMs: 0, dedupeMs: 0, lastId: 4, readers: 1 });
  });
});

test('who may not change a topic changes nothing, and is not told whether it is there', {
  timeout: TIMEOUT,
}, async () => {
  const anonymous = { publish: ['mine'], subscribe: ['read'] };
  await withBroker({ auth: { tokens: [{ token: 'operator' }], anonymous } }, async ({ running, hello }) => {
    running.core.topics.use('other').create({ retentionMs: 60_000, dedupeMs: 0 });
    running.core.topics.use('read').create({ retentionMs: 60_000, dedupeMs: 0 });
    const client = await hello();
    for (const topic of ['other', 'nowhere', 'read', '$sys.status', '_inbox.x']) {
      client.frames({ type: 'DELETE', request: 1, topic }, { type: 'PURGE', request: 2, topic, upTo: 0 });
      await client.expectError('DENIED', 1);
      await client.expectError('DENIED', 2);
    }
    for (const topic of ['other', 'nowhere', '$sys.status', '_inbox.x']) {
      client.frames({ type: 'INFO', request: 3, topic });
      await client.expectError('DENIED', 3);
    }
    client.frames({ type: 'INFO', request: 4, topic: 'read' }, { type: 'INFO', request: 5, topic: 'mine' });
    await client.expect({ type: 'TOPIC', request: 4, retentionMs: 60_000 });
    await client.expectError('NO_TOPIC', 5);
    assert.deepEqual(
      [...running.core.topics].map(({ name }) => name),
      ['other', 'read'],
      'all as it was',
    );
  });
});

test('who deleted and purged is in the log', { timeout: TIMEOUT }, async () => {
  const told: [message: string, facts: object | string][] = [];
  const nothing = () => {};
  const info = (facts: object | string, message?: string) => void told.push([`${message}`, facts]);
  const logger = { debug: nothing, info, warn: nothing, error: nothing };
  await withBroker({ logger }, async ({ hello }) => {
    const client = await hello();
    await ok(client, create(1, 't', 60_000));
    client.frames(publish(0, 't', 'a'));
    await ok(client, { type: 'PURGE', request: 2, topic: 't', upTo: 0 });
    await ok(client, { type: 'DELETE', request: 3, topic: 't' });
    const actions = told.filter(([message]) => message.startsWith('topic '));
    assert.match(JSON.stringify(actions), /"topic purged",\{"connection":\d+,"client":"[^"]*","topic":"t"/);
    assert.match(JSON.stringify(actions), /"topic deleted",\{"connection":\d+,"client":"[^"]*","topic":"t"/);
  });
});
