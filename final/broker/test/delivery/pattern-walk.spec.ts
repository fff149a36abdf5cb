/** A pattern is led to the topics in pieces: nothing is lost or doubled, whatever happens between two pieces. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Start } from '#protocol';
import { NO_GRANTS } from '../../access/grants.ts';
import { PatternIndex } from '../../delivery/pattern-index.ts';
import { PatternSubscriptions } from '../../delivery/pattern-subscription.ts';
import { PlainSubscriptions } from '../../delivery/plain-subscription.ts';
import type { SubscriptionHost } from '../../delivery/subscription.ts';
import { SubscriptionSet } from '../../delivery/subscription-set.ts';
import { SubscriptionTotal } from '../../delivery/subscription-total.ts';
import { readBrokerLimits } from '../../limits.ts';
import { ConnectionLags } from '../../memory/connection-lags.ts';
import { RetainedMemory } from '../../memory/retained-memory.ts';
import { TickScheduler } from '../../session/tick-scheduler.ts';
import type { Hold } from '../../topics/topic-reader.ts';
import { TopicTable } from '../../topics/topic-table.ts';
import { decode, records } from '../support.ts';

/** A client with subscriptions, whose work the test does piece by piece. */
class Client implements SubscriptionHost {
  readonly number = 1;
  readonly name = 'walker';
  readonly full = false;
  readonly heldBy = new Set<Hold>();
  readonly grants = { ...NO_GRANTS, maySubscribe: () => true, maySubscribeSome: () => true };
  readonly bytes: Uint8Array[] = [];
  readonly refused: unknown[] = [];
  readonly work: Iterator<unknown>[] = [];
  readonly subscriptions: SubscriptionSet;

  constructor(kinds: ConstructorParameters<typeof SubscriptionSet>[1], max: number) {
    this.subscriptions = new SubscriptionSet(this, kinds, max, new SubscriptionTotal(max));
  }

  send(frames: Uint8Array): boolean {
    this.bytes.push(frames);
    return false;
  }

  resumeLater(): void {}
  forget(): void {}
  tooSlow(): void {
    assert.unreachable('it is never slow');
  }
  fail(fault: unknown): void {
    assert.unreachable(String(fault));
  }

  answerOk(): void {}

  refuse(thrown: unknown): void {
    this.refused.push(thrown);
  }

  workOn(work: Iterator<unknown>): void {
    if (!work.next().done) this.work.push(work);
  }

  /** Does one piece. */
  step(): void {
    if (this.work[0]?.next().done) this.work.shift();
  }

  /** Topic and id of every message that came since the last call. */
  received(): string[] {
    const frames = decode(Buffer.concat(this.bytes.splice(0)));
    return frames.flatMap((frame) =>
      frame.type === 'MESSAGES' ? frame.records.map((_, i) => `${frame.topic} ${frame.firstId + i}`) : [],
    );
  }
}

function begin({ maxSubscriptions = 10_000, topics: count = 0 } = {}) {
  const limits = readBrokerLimits({ maxSubscriptions });
  const scheduler = new TickScheduler(() => 1_000, { report: (fault) => assert.unreachable(String(fault)) });
  const index = new PatternIndex();
  const topics = new TopicTable({
    memory: new RetainedMemory({ ...limits, logger: { warn() {} }, clock: () => 0 }),
    lags: new ConnectionLags(limits),
    limits,
    scheduler,
    patterns: index,
    topicCreated: (topic) => index.topicCreated(topic),
  });
  for (let i = 0; i < count; i++) topics.use(`a.${i}`);
  const kinds = [new PatternSubscriptions({ limits, topics, index }), new PlainSubscriptions(topics, limits)];
  const client = new Client(kinds, maxSubscriptions);
  const publish = (name: string): string => {
    const topic = topics.use(name);
    const bytes = records('x');
    topic.publish(bytes, 0, bytes.length, 1, false);
    return `${name} ${topic.log.lastId}`;
  };
  const subscribe = (topic: string, start: number = Start.LATEST): void =>
    client.subscriptions.subscribe({
      type: 'SUBSCRIBE',
      request: 0,
      topic,
      start,
      after: 0,
      window: 0,
      group: '',
    });
  const endTick = (): void => {
    scheduler.end();
    scheduler.end();
  };
  return { topics, index, client, publish, subscribe, endTick };
}

test('what is published after a SUBSCRIBE comes, before its walk has come so far', () => {
  const { client, index, publish, subscribe, endTick } = begin({ topics: 500 });
  publish('a.400');
  endTick();
  subscribe('a.*');
  assert.ok(client.work.length > 0, '500 topics are looked at in one piece');
  const published = publish('a.400');
  endTick();
  assert.equal(client.received(), [published], 'what was published on the way is lost');
  while (client.work.length > 0) client.step();
  assert.is(client.subscriptions.size, 501, 'it leads to all topics');
  assert.not(index.on, 'the walk never ends');
});

test('a client that goes in the middle of a walk is led nowhere any more', () => {
  const { client, index, topics, publish, subscribe } = begin({ topics: 500 });
  subscribe('a.*');
  client.subscriptions.clear();
  client.step();
  publish('a.499');
  const read = [...topics].filter(({ readers }) => readers.length > 0);
  assert.equal(read, [], 'a topic is read by nobody');
  assert.is(index.size, 0, 'the pattern stays');
  assert.not(index.on, 'its walk goes on');
});

test('more topics than a client may subscribe to: one ERROR, and none for those that come', () => {
  const { client, publish, subscribe } = begin({ topics: 500, maxSubscriptions: 100 });
  subscribe('>');
  while (client.work.length > 0) client.step();
  for (let i = 0; i < 500; i++) publish(`b.${i}`);
  assert.is(client.subscriptions.size, 100, 'as many as it may have');
  assert.is(client.refused.length, 1, `one SUBSCRIBE was answered by ${client.refused.length} ERRORs`);
  assert.match(String(client.refused[0]), /further topics for ">" are left out/);
});

test('random walks: each message that is published after a SUBSCRIBE comes once', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ act: fc.constant('step' as const), n: fc.constant(0) }) },
    { weight: 6, arbitrary: fc.record({ act: fc.constant('publish' as const), n: fc.nat({ max: 220 }) }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('remove' as const), n: fc.nat({ max: 220 }) }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('name' as const), n: fc.nat({ max: 220 }) }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('unname' as const), n: fc.nat({ max: 220 }) }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('tick' as const), n: fc.constant(0) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { client, topics, publish, subscribe, endTick } = begin({ topics: 200 });
      subscribe('a.*');
      const named = new Set<string>();
      const expected: string[] = [];
      // The client's own requests wait while its last one is worked on.
      const isIdle = (): boolean => client.work.length === 0;
      for (const { act, n } of steps) {
        const name = `a.${n}`;
        if (act === 'step') client.step();
        if (act === 'tick') endTick();
        if (act === 'publish') expected.push(publish(name));
        if (act === 'remove') {
          const topic = topics.get(name);
          if (topic !== undefined) topics.vanish(topic);
        }
        if (act === 'name' && isIdle()) {
          endTick();
          subscribe(name);
          named.add(name);
        }
        if (act === 'unname' && isIdle() && named.delete(name)) {
          endTick();
          client.subscriptions.unsubscribe(name, 0);
        }
      }
      endTick();
      assert.equal(client.received().sort(), expected.sort());
    }),
    { numRuns: 300 },
  );
});

test.run();
