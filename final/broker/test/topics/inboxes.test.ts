/** An inbox belongs to the connection that subscribes first: nobody else reads it, finds it, or makes one stay behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientFrame } from '#protocol';
import type { RawClient } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import { until } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import {
  commit,
  publish,
  subscribe,
  unsubscribe,
} from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { frameToJson, textOf } from '../../../../chapters/04-full-protocol/test/golden-vectors.ts';
import type { Broker } from '../../../index.ts';
import { brokerFor, clientFor } from '../start.ts';

const TIMEOUT = { timeout: 30_000 };
const INBOX = '_inbox.secret';

/** Subscribes a client to an inbox of its own. */
async function own(client: RawClient, name = INBOX): Promise<void> {
  client.frames(subscribe(900, name));
  await client.expect({ type: 'OK', request: 900 });
}

/** What becomes of a reply: who counted it, and where it came. */
async function reply(from: RawClient, name = INBOX): Promise<number> {
  from.frames(publish(901, name, 'reply'));
  return (await from.expect({ type: 'PUBLISHED', request: 901 })).count;
}

test('an inbox is read by its owner alone', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, {
    auth: { tokens: [{ token: 'nothing', publish: [], subscribe: [] }], anonymous: {} },
  });
  const owner = await clientFor(t, broker, 'nothing');
  const powerful = await clientFor(t, broker);
  await own(owner);
  for (const [what, frame] of [
    ['by its name', subscribe(1, INBOX)],
    ['in a group', subscribe(1, INBOX, { group: 'g' })],
    ['from the beginning', subscribe(1, INBOX, { start: 0 })],
    ['by a pattern', subscribe(1, '_inbox.*')],
    ['by a pattern for all', subscribe(1, '_inbox.>')],
  ] as const) {
    await t.test(`subscribing ${what} is denied`, async () => {
      powerful.frames(frame);
      await powerful.expectError('DENIED', 1);
    });
  }
  powerful.frames(subscribe(2, '>'), subscribe(3, '*.secret'));
  await powerful.expect({ type: 'OK', request: 2 });
  await powerful.expect({ type: 'OK', request: 3 });
  assert.equal(await reply(powerful), 1, 'the reply was not taken');
  await owner.expect({ type: 'MESSAGES', topic: INBOX, firstId: 1 });
  await powerful.expectAlive();
  assert.equal(broker.status().inboxes, 1, 'a refused SUBSCRIBE changed how many inboxes there are');
});

test('what is published to an inbox that nobody has is dropped, and makes none', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { maxTopics: 1 });
  const [asker, answerer] = [await clientFor(t, broker), await clientFor(t, broker)];
  assert.equal(await reply(answerer), 0, 'a reply to nobody was counted as published');
  assert.deepEqual(
    [broker.core.topics.size, broker.status().inboxes],
    [0, 0],
    'a reply to nobody made a topic',
  );
  await own(asker);
  // The answerer's last topic is the inbox from now on; it must not write to it when it is gone, nor to its successor.
  assert.equal(await reply(answerer), 1, 'the reply was not taken');
  await asker.expect({ type: 'MESSAGES', topic: INBOX, firstId: 1 });
  asker.frames(unsubscribe(1, INBOX));
  await asker.expect({ type: 'OK', request: 1 });
  assert.equal(broker.status().inboxes, 0, 'an inbox stayed behind its UNSUBSCRIBE');
  assert.equal(await reply(answerer), 0, 'a reply to an inbox that is gone was counted as published');
  await own(asker);
  assert.equal(await reply(answerer), 1, 'the inbox of the same name did not take the reply');
  await asker.expect({ type: 'MESSAGES', topic: INBOX, firstId: 1 });
  assert.equal(broker.status().published, 2, 'messages that inboxes took are not counted once they are gone');
});

test(
  'an inbox goes with the connection of its owner, and somebody else may have it then',
  TIMEOUT,
  async (t) => {
    const broker = await brokerFor(t);
    const [owner, other] = [await clientFor(t, broker), await clientFor(t, broker)];
    await own(owner);
    other.frames(subscribe(1, INBOX));
    await other.expectError('DENIED', 1);
    await owner.reset();
    await until(() => broker.status().inboxes === 0, 'the inbox is gone');
    await own(other);
    assert.equal(await reply(other), 1, 'the new owner’s inbox took no reply');
    await other.expect({ type: 'MESSAGES', topic: INBOX, firstId: 1 });
  },
);

test(
  'a second SUBSCRIBE of the owner takes the place of the first, in the same inbox',
  TIMEOUT,
  async (t) => {
    const broker = await brokerFor(t);
    const client = await clientFor(t, broker);
    await own(client);
    assert.equal(await reply(client), 1, 'the first reply was not taken');
    await client.expect({ type: 'MESSAGES', firstId: 1 });
    client.frames(subscribe(1, INBOX, { start: 2, after: 7 }), subscribe(2, INBOX, { window: 1 }));
    await client.expectError('OUT_OF_RANGE', 1);
    await client.expect({ type: 'OK', request: 2 });
    assert.equal(await reply(client), 1, 'the second reply was not taken');
    await client.expect({ type: 'MESSAGES', firstId: 2 });
    client.frames(commit(INBOX, 2), unsubscribe(3, INBOX));
    await client.expect({ type: 'OK', request: 3 });
    assert.equal(broker.status().inboxes, 0, 'the inbox stayed behind');
  },
);

test('a SUBSCRIBE to an inbox that is refused leaves none behind', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const client = await clientFor(t, broker);
  client.frames(subscribe(1, INBOX, { start: 2, after: 1 }), subscribe(2, INBOX, { group: 'g' }));
  await client.expectError('OUT_OF_RANGE', 1);
  await client.expectError('DENIED', 2);
  assert.deepEqual([broker.core.topics.size, broker.status().inboxes], [0, 0], 'something was left behind');
});

test('one connection owns maxInboxes, and topics have their own limit', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { maxInboxes: 2, maxTopics: 1 });
  const [client, other] = [await clientFor(t, broker), await clientFor(t, broker)];
  await own(client, '_inbox.1');
  await own(client, '_inbox.2');
  await own(other, '_inbox.3');
  // At its limit a client is told the same of an inbox that somebody has and of one that nobody has.
  client.frames(subscribe(1, '_inbox.3'), subscribe(2, '_inbox.4'), publish(3, 'a', 'x'));
  await client.expectError('LIMIT', 1);
  await client.expectError('LIMIT', 2);
  await client.expect({ type: 'PUBLISHED', request: 3, count: 1 });
  client.frames(unsubscribe(4, '_inbox.1'), subscribe(5, '_inbox.4'));
  await client.expect({ type: 'OK', request: 4 });
  await client.expect({ type: 'OK', request: 5 });
  assert.equal(broker.status().inboxes, 3, 'the limit was not counted back');
});

test('monitors see how many inboxes there are, and none of them', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const [asker, monitor] = [await clientFor(t, broker), await clientFor(t, broker)];
  await own(asker);
  monitor.frames(publish(0, 'a', 'x'), subscribe(1, '$sys.topics'), subscribe(2, '$sys.status'));
  await monitor.expect({ type: 'OK', request: 1 });
  await monitor.expect({ type: 'OK', request: 2 });
  const told = new Map<string, string>();
  while (told.size < 2) {
    const { topic, records } = await monitor.expect({ type: 'MESSAGES' });
    told.set(topic, textOf(records[0]!.payload));
  }
  for (const [topic, text] of told)
    assert.ok(!text.includes('_inbox'), `${topic} tells of an inbox: ${text}`);
  assert.equal(JSON.parse(told.get('$sys.status') ?? '{}').inboxes, 1, 'the count of inboxes');
});

test(
  'no answer to a stranger tells whether there is an inbox, but the count of what it took',
  TIMEOUT,
  async (t) => {
    const broker = await brokerFor(t);
    const owner = await clientFor(t, broker);
    const create = { type: 'CREATE', request: 1, topic: INBOX, retentionMs: 0, dedupeMs: 0 } as const;
    const asked: [what: string, ...frames: ClientFrame[]][] = [
      ['CREATE', create],
      ['DELETE', { type: 'DELETE', request: 1, topic: INBOX }],
      ['PURGE', { type: 'PURGE', request: 1, topic: INBOX, upTo: 0 }],
      ['INFO', { type: 'INFO', request: 1, topic: INBOX }],
      ['UNSUBSCRIBE', unsubscribe(1, INBOX)],
      ['COMMIT', commit(INBOX, 1)],
      ['SUBSCRIBE in a group', subscribe(1, INBOX, { group: 'g' })],
      ['SUBSCRIBE by pattern', subscribe(1, '_inbox.*')],
      ['SUBSCRIBE by the pattern for everything', subscribe(1, '>')],
      ['LAG', { type: 'LAG', request: 1 }],
      ['PUBLISH without an answer', publish(0, INBOX, 'x')],
      ['PUBLISH of nothing', publish(1, INBOX)],
    ];
    const answers = (present: Broker) =>
      Promise.all(
        asked.map(async ([what, ...frames]) => {
          const stranger = await clientFor(t, present);
          stranger.frames(...frames, { type: 'CLOSE' });
          const came: string[] = [];
          for (;;) {
            const frame = await stranger.next();
            if (frame.type === 'CLOSING') return `${what}: ${came.join(' ')}`;
            came.push(JSON.stringify(frameToJson(frame)));
          }
        }),
      );
    const without = await answers(broker);
    await own(owner);
    assert.deepEqual(await answers(broker), without, 'an answer differs once the inbox is there');
  },
);

test(
  'under the policy "block" nobody waits for an inbox that is not read: its owner goes',
  TIMEOUT,
  async (t) => {
    const broker = await brokerFor(t, { slowPolicy: 'block', maxLagMessages: 10 });
    const [asker, answerer] = [await clientFor(t, broker), await clientFor(t, broker)];
    asker.frames(subscribe(1, INBOX, { window: 1 }));
    await asker.expect({ type: 'OK', request: 1 });
    for (let i = 0; i < 20; i++) await reply(answerer);
    await asker.expect({ type: 'MESSAGES', topic: INBOX });
    await asker.expectError('SLOW');
    await answerer.expectAlive();
    assert.equal(broker.status().inboxes, 0, 'the inbox stayed behind its owner');
  },
);
