/** A topic that a connection subscribes to by its name, and that a pattern of the same connection leads to. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ClientFrame } from '#protocol';
import type { RawClient } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import {
  commit,
  create,
  publish,
  subscribe,
  unsubscribe,
} from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { brokerFor, clientFor } from '../start.ts';

const TIMEOUT = { timeout: 30_000 };
const WINDOW = 1;
const GROUP = subscribe(0, 'jobs.a', { group: 'g', window: WINDOW });
const PLAIN = subscribe(0, 'jobs.a', { window: WINDOW });
const PATTERN = subscribe(0, 'jobs.*', { window: WINDOW });

/** Two messages are published: each comes once, the second after the COMMIT of the first; and nothing else comes. */
async function expectOnce(client: RawClient, publisher: RawClient): Promise<void> {
  publisher.frames(publish(1, 'jobs.a', 'one'), publish(2, 'jobs.a', 'two'));
  const { firstId } = await publisher.expect({ type: 'PUBLISHED', request: 1 });
  await publisher.expect({ type: 'PUBLISHED', request: 2 });
  for (const id of [firstId, firstId + 1]) {
    await client.expect({ type: 'MESSAGES', topic: 'jobs.a', firstId: id });
    await client.expectAlive();
    client.frames(commit('jobs.a', id));
  }
  await client.expectAlive();
}

async function begin(t: TestContext) {
  const broker = await brokerFor(t);
  const [client, publisher] = [await clientFor(t, broker), await clientFor(t, broker)];
  const readers = (): number => broker.core.topics.get('jobs.a')?.readers.length ?? 0;
  return { client, publisher, readers, groups: () => broker.topics()[0]?.groups };
}

for (const [what, named] of [
  ['a group', GROUP],
  ['a name', PLAIN],
] as const) {
  for (const known of ['a topic that is there', 'a topic that is new'] as const) {
    for (const [order, frames] of [
      ['the pattern first', [PATTERN, named]],
      [`${what} first`, [named, PATTERN]],
      [`${what}, the pattern, ${what} again`, [named, PATTERN, named]],
    ] as const) {
      test(`${known}, ${order}: each message comes once; COMMIT goes to ${what}`, TIMEOUT, async (t) => {
        const { client, publisher, readers, groups } = await begin(t);
        if (known === 'a topic that is there') publisher.frames(publish(0, 'jobs.a', 'before'));
        await publisher.expectAlive();
        client.frames(...frames);
        await client.expectAlive();
        await expectOnce(client, publisher);
        assert.equal(readers(), 1, 'the topic is read twice for one connection');
        assert.deepEqual(groups(), what === 'a group' ? ['g'] : [], 'who holds the topic');

        // Without the name the pattern leads there again, with what comes.
        client.frames(unsubscribe(7, 'jobs.a'));
        await client.expect({ type: 'OK', request: 7 });
        await expectOnce(client, publisher);
        assert.deepEqual(groups(), [], 'it has left the group');

        client.frames(named);
        await client.expectAlive();
        await expectOnce(client, publisher);
        // Without the pattern the name stays.
        client.frames(unsubscribe(8, 'jobs.*'));
        await client.expect({ type: 'OK', request: 8 });
        await expectOnce(client, publisher);
        client.frames(unsubscribe(9, 'jobs.a'));
        await client.expect({ type: 'OK', request: 9 });
        publisher.frames(publish(3, 'jobs.a', 'no'));
        await publisher.expect({ type: 'PUBLISHED' });
        await client.expectAlive();
        assert.equal(readers(), 0, 'it is subscribed to nothing, and the topic is read');
      });
    }
  }
}

for (const [what, refused, code] of [
  ['after an id in the future', subscribe(5, 'jobs.a', { start: 2, after: 1_000 }), 'OUT_OF_RANGE'],
  ['of a group after an id', subscribe(5, 'jobs.a', { start: 2, group: 'g' }), 'BAD_REQUEST'],
  ['with a start that there is not', subscribe(5, 'jobs.a', { start: 3 }), 'BAD_REQUEST'],
] as const satisfies readonly (readonly [string, ClientFrame, string])[]) {
  for (const [held, frame] of [
    ['membership of a group', GROUP],
    ['subscription', PLAIN],
    ['pattern', PATTERN],
  ] as const) {
    test(`a SUBSCRIBE ${what} is refused, and the ${held} stays`, TIMEOUT, async (t) => {
      const { client, publisher, readers, groups } = await begin(t);
      publisher.frames(create(0, 'jobs.a', 60_000), publish(0, 'jobs.a', 'before'));
      await publisher.expectAlive();
      client.frames(frame);
      await client.expectAlive();
      const before = groups();
      client.frames(refused);
      await client.expectError(code, 5);
      assert.deepEqual(groups(), before, 'a refused SUBSCRIBE ended a membership');
      assert.equal(readers(), 1, 'a refused SUBSCRIBE ended a subscription, or began one');
      await expectOnce(client, publisher);
    });
  }
}

for (const [what, refused, code] of [
  ['with a group', subscribe(5, 'jobs.*', { group: 'g' }), 'UNSUPPORTED'],
  ['after an id', subscribe(5, 'jobs.*', { start: 2 }), 'BAD_REQUEST'],
  ['beyond the limit', subscribe(5, 'jobs.*'), 'LIMIT'],
] as const) {
  test(`a pattern ${what} is refused, and leads nowhere`, TIMEOUT, async (t) => {
    const broker = await brokerFor(t, { maxPatterns: 1 });
    const client = await clientFor(t, broker);
    if (code === 'LIMIT') client.frames(subscribe(0, 'other.*'));
    client.frames(refused);
    await client.expectError(code, 5);
    client.frames(unsubscribe(6, 'jobs.*'), publish(7, 'jobs.a', 'x'));
    await client.expectError('NOT_SUBSCRIBED', 6);
    await client.expect({ type: 'PUBLISHED', request: 7 });
    await client.expectAlive();
    assert.equal(broker.core.patterns.size, code === 'LIMIT' ? 1 : 0, 'a refused pattern is held');
  });
}
