/** Random sequences of calls, held against models that are too simple to be wrong, and too slow to be used. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock, MESSAGE_OVERHEAD, Subscriber, TopicRegistry } from '#topics';
import { NaiveBuffer, NaiveKeys, NaiveTopics } from './naive.ts';
import { code, offer, setUp, word } from './support.ts';

/** On a busy machine fewer sequences are tried, and a difference that was found is made shorter for so long. */
const PATIENCE_MS = 3_000;

const key = fc.constantFrom('', '', 'a', 'b', 'c', 'd', '__proto__');
const options = fc.record({
  retentionMs: fc.constantFrom(0, 20, 100),
  dedupeMs: fc.constantFrom(0, 15, 60),
  window: fc.constantFrom(0, 1, 2, 5),
  overflow: fc.constantFrom('refuse' as const, 'drop-oldest' as const),
  maxLagMessages: fc.constantFrom(1, 3, 8, 1_000),
  maxLagBytes: fc.constantFrom(MESSAGE_OVERHEAD + 5, 3 * MESSAGE_OVERHEAD, 1e9),
});
const bufferStep = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), key, size: fc.nat(300) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('next' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('commit' as const), beyond: fc.integer({ min: -3, max: 1 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(40) }) },
);

test('a topic and a MessageBuffer do what the naive ones do', () => {
  fc.assert(
    fc.property(options, fc.array(bufferStep, { maxLength: 120, size: 'max' }), (settings, steps) => {
      const { clock, topic, buffer } = setUp(settings);
      const naive = new NaiveBuffer(settings);
      const keys = new NaiveKeys();
      for (const step of steps) {
        if (step.do === 'wait') clock.advance(step.ms);
        if (step.do === 'push') {
          const message = topic.append(step.key, Buffer.alloc(step.size));
          const isNew = keys.admit(step.key, clock(), settings.dedupeMs, 1e9);
          assert.is(message !== undefined, isNew, `whether ${JSON.stringify(step.key)} is new`);
          if (message !== undefined) {
            assert.is(offer(buffer, message), naive.push(message, clock()), `push of ${message.id}`);
          }
        }
        if (step.do === 'next') {
          const told = [word(buffer.peek()), word(buffer.next())];
          const expected = word(naive.next('hares', clock()));
          assert.equal(told, [expected, expected], 'what peek and next give');
        }
        if (step.do === 'commit') {
          const id = naive.lastHandedOut + step.beyond;
          const done = code(() => buffer.commit(id));
          assert.is(done, naive.commit(id), `commit of ${id}`);
        }
        assert.is(buffer.lag, naive.lag(clock()), `the lag after ${step.do}`);
      }
    }),
    { numRuns: 2_000, interruptAfterTimeLimit: PATIENCE_MS },
  );
});

const names = ['a', 'b', 'c'] as const;
const name = fc.constantFrom(...names);
const start = fc.oneof(
  fc.constantFrom('earliest' as const, 'latest' as const),
  fc.nat(12).map((after) => ({ after })),
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('publish' as const), name, key }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('take' as const), times: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      name,
      start,
      window: fc.constantFrom(0, 1, 3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('commit' as const), name, id: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(40) }) },
);

test('a Subscriber of several topics does what the naive one does', () => {
  const settings = fc.record({
    retentionMs: fc.constantFrom(0, 20, 100),
    dedupeMs: fc.constantFrom(0, 15, 60),
  });
  fc.assert(
    fc.property(
      fc.tuple(settings, settings, settings),
      fc.array(step, { maxLength: 120, size: 'max' }),
      (each, steps) => {
        const clock = createManualClock();
        const registry = new TopicRegistry({}, clock);
        const subscriber = new Subscriber();
        const naive = new NaiveTopics();
        for (const [index, topicSettings] of each.entries()) {
          registry.create(names[index]!, topicSettings);
          naive.create(names[index]!, topicSettings);
        }
        for (const call of steps) {
          if (call.do === 'wait') clock.advance(call.ms);
          if (call.do === 'publish') {
            const message = registry.use(call.name).append(call.key, Buffer.alloc(0));
            if (message !== undefined) {
              assert.is(subscriber.offer(message), naive.publish(message, clock()), 'whether it is wanted');
            }
          }
          if (call.do === 'subscribe') {
            const { start, window } = call;
            const done = code(() => subscriber.subscribe(registry.use(call.name), { start, window }));
            assert.is(done, naive.subscribe(call.name, start, window, clock()), `subscribe to ${call.name}`);
          }
          if (call.do === 'unsubscribe') {
            const done = code(() => subscriber.unsubscribe(call.name));
            assert.is(done, naive.unsubscribe(call.name), `unsubscribe from ${call.name}`);
          }
          if (call.do === 'commit') {
            const done = code(() => subscriber.commit(call.name, call.id));
            assert.is(done, naive.commit(call.name, call.id), `commit of ${call.name} ${call.id}`);
          }
          for (let times = call.do === 'take' ? call.times + 1 : 0; times > 0; times -= 1) {
            const buffer = subscriber.nextReady();
            // Which topic's turn it is, is its own test; what the topic hands out is the model's to say.
            if (buffer === undefined) assert.equal(naive.ready(clock()), [], 'nothing is ready');
            else {
              const taken = buffer.next();
              const told = word(taken);
              assert.is(told, word(taken && naive.next(taken.topic, clock())), 'what was taken');
            }
          }
          assert.is(subscriber.lag, naive.lag(clock()), `the common lag after ${call.do}`);
        }
      },
    ),
    { numRuns: 2_000, interruptAfterTimeLimit: PATIENCE_MS },
  );
});

test.run();
