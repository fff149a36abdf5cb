/** Random sequences of calls, held against models that are too simple to be wrong, and too slow to be used. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock, isSkipped, MESSAGE_OVERHEAD, Subscriber, TopicRegistry } from '#topics';
import { NaiveBuffer, NaiveTopics } from './naive.ts';
import { code, setUp, word } from './support.ts';

const key = fc.constantFrom('', '', 'a', 'b', 'c', 'd', '__proto__');
const options = fc.record({
  retentionMs: fc.constantFrom(0, 20, 100),
  dedupeMs: fc.constantFrom(0, 15, 60),
  window: fc.constantFrom(0, 1, 2, 5),
  overflow: fc.constantFrom('refuse' as const, 'drop-oldest' as const),
  maxMessages: fc.constantFrom(1, 3, 8, 1_000),
  maxBytes: fc.constantFrom(MESSAGE_OVERHEAD + 5, 3 * MESSAGE_OVERHEAD, 1e9),
  maxKeys: fc.constantFrom(1, 2, 1_000),
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

test('a MessageBuffer does what the naive one does', () => {
  fc.assert(
    fc.property(options, fc.array(bufferStep, { maxLength: 120, size: 'max' }), (settings, steps) => {
      const { clock, topic, buffer } = setUp(settings);
      const naive = new NaiveBuffer(settings);
      for (const step of steps) {
        if (step.do === 'wait') clock.advance(step.ms);
        if (step.do === 'push') {
          const message = topic.append(step.key, Buffer.alloc(step.size));
          assert.is(buffer.push(message), naive.push(message, clock()));
        }
        if (step.do === 'next') assert.is(word(buffer.next()), word(naive.next(clock())));
        if (step.do === 'commit') {
          const id = naive.lastHandedOut + step.beyond;
          assert.is(
            code(() => buffer.commit(id)),
            naive.commit(id),
          );
        }
        assert.is(buffer.lag, naive.lag(clock()));
      }
    }),
    { numRuns: 2_000 },
  );
});

const names = ['a', 'b', 'c'] as const;
const name = fc.constantFrom(...names);
const start = fc.oneof(
  fc.constantFrom('all' as const, 'next' as const),
  fc.nat(12).map((after) => ({ after })),
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('publish' as const), name, key }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
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
        const registry = new TopicRegistry({ clock });
        const subscriber = new Subscriber({ clock });
        const naive = new NaiveTopics();
        for (const [index, topicSettings] of each.entries()) {
          registry.create(names[index]!, topicSettings);
          naive.create(names[index]!, topicSettings);
        }
        for (const call of steps) {
          if (call.do === 'wait') clock.advance(call.ms);
          if (call.do === 'publish') {
            const message = registry.use(call.name).append(call.key, Buffer.alloc(0));
            assert.is(subscriber.offer(message), naive.publish(message, clock()));
          }
          if (call.do === 'subscribe') {
            const { start, window } = call;
            const done = code(() => subscriber.subscribe(registry.use(call.name), { start, window }));
            assert.is(done, naive.subscribe(call.name, start, window, clock()));
          }
          if (call.do === 'unsubscribe') {
            assert.is(
              code(() => subscriber.unsubscribe(call.name)),
              naive.unsubscribe(call.name),
            );
          }
          if (call.do === 'commit') {
            assert.is(
              code(() => subscriber.commit(call.name, call.id)),
              naive.commit(call.name, call.id),
            );
          }
          if (call.do === 'take') {
            const taken = subscriber.take();
            // Between the losses of two topics there is no order to keep; between messages there is.
            if (taken !== undefined && isSkipped(taken))
              assert.equal(taken, naive.takeLoss(taken.topic, clock()));
            else assert.is(word(taken), word(naive.takeMessage(clock())));
          }
          assert.is(subscriber.lag, naive.lag(clock()));
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test.run();
