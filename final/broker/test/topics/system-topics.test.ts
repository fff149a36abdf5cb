/** What the broker publishes of itself: once in a while, whatever subscribers do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientFrame } from '#protocol';
import type { RawClient } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import { subscribe, unsubscribe } from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import type { Broker } from '../../../index.ts';
import { brokerFor, clientFor } from '../start.ts';

const TIMEOUT = { timeout: 30_000 };
const TOPICS = '$sys.topics';
const TIMES = 500;

const auth = { tokens: [{ token: 'nothing', publish: [], subscribe: [] }], anonymous: {} };

/** How many messages the broker has published about its topics. */
function published(broker: Broker): number {
  return broker.core.topics.get(TOPICS)?.log.lastId ?? 0;
}

/** Sends frames, each after the broker has dealt with the one before, so that each has a turn of its own. */
async function oneByOne(
  client: RawClient,
  frames: readonly ClientFrame[],
  answer: 'OK' | 'ERROR',
): Promise<void> {
  for (const frame of frames) {
    client.frames(frame);
    await client.expect({ type: answer });
  }
}

/** At most one message a second by the clock, and so many more because somebody came. */
function bound(since: number): number {
  return 3 + (3 * (performance.now() - since)) / 1000;
}

const refused: readonly [what: string, token: string, answer: string, frame: ClientFrame][] = [
  ['denied', 'nothing', 'DENIED', subscribe(1, TOPICS)],
  ['denied in a group', 'nothing', 'DENIED', subscribe(1, TOPICS, { group: 'g' })],
  ['denied by pattern', 'nothing', 'DENIED', subscribe(1, '$sys.*')],
  ['after an id that is not there', '', 'OUT_OF_RANGE', subscribe(1, TOPICS, { start: 2, after: 1e9 })],
  ['of a group after an id', '', 'BAD_REQUEST', subscribe(1, TOPICS, { start: 2, group: 'g' })],
];

for (const [what, token, , frame] of refused) {
  test(`a SUBSCRIBE that is refused (${what}) publishes nothing`, TIMEOUT, async (t) => {
    const broker = await brokerFor(t, { auth });
    const monitor = await clientFor(t, broker);
    monitor.frames(subscribe(1, TOPICS));
    await monitor.expect({ type: 'OK' });
    await monitor.expect({ type: 'MESSAGES', topic: TOPICS });
    const since = performance.now();
    const before = published(broker);
    const client = await clientFor(t, broker, token);
    await oneByOne(client, Array(TIMES).fill(frame), 'ERROR');
    const most = 1 + (performance.now() - since) / 1000;
    const more = published(broker) - before;
    assert.ok(
      more <= most,
      `${more} messages were published for ${TIMES} refused requests; ${most} by the clock`,
    );
  });
}

test('who subscribes again and again is told at a bounded rate', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const since = performance.now();
  const client = await clientFor(t, broker);
  const ways: readonly [what: string, ...frames: ClientFrame[]][] = [
    ['again', subscribe(1, TOPICS)],
    ['and leaving', unsubscribe(1, TOPICS), subscribe(1, TOPICS)],
    ['in a group and for itself', subscribe(1, TOPICS, { group: 'g' }), subscribe(1, TOPICS)],
  ];
  client.frames(subscribe(1, TOPICS));
  await client.expect({ type: 'OK' });
  for (const [what, ...frames] of ways) {
    await t.test(`subscribing ${what}`, async () => {
      for (let i = 0; i < TIMES; i++) {
        client.frames(...frames);
        for (let left = frames.length; left > 0; ) if ((await client.next()).type === 'OK') left--;
      }
      const most = bound(since);
      assert.ok(
        published(broker) <= most,
        `${published(broker)} messages were published; ${most} are the most`,
      );
    });
  }
  const also = await clientFor(t, broker);
  also.frames(subscribe(1, TOPICS));
  await also.expect({ type: 'OK' });
  await also.expect({ type: 'MESSAGES', topic: TOPICS });
});
