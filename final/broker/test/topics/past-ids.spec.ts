import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PastIds } from '../../topics/past-ids.ts';

test('nothing is known: 0; what is remembered is told until it is forgotten', () => {
  const past = new PastIds(2);
  assert.is(past.of('a'), 0, 'a name that never was');
  past.remember('a', 7);
  assert.is(past.of('a'), 7, 'a topic that has gone');
  past.forget('a');
  assert.is(past.of('a'), 0, 'it came back, and knows its ids itself');
});

test('what is pushed out raises the floor for every name that is not known', () => {
  const past = new PastIds(2);
  past.remember('a', 9);
  past.remember('b', 3);
  past.remember('c', 4);
  assert.equal(
    [past.of('a'), past.of('b'), past.of('c'), past.of('d')],
    [9, 3, 4, 9],
    'a went, 9 is the floor',
  );
  past.remember('d', 5);
  assert.equal([past.of('a'), past.of('b')], [9, 9], 'the floor never sinks');
});

test('a topic without messages costs nothing', () => {
  const past = new PastIds(1);
  past.remember('a', 5);
  past.remember('b', 0);
  assert.is(past.size, 1, 'b had no ids');
  past.remember('c', 6);
  past.remember('d', 5);
  assert.is(past.size, 1, 'd begins where every unknown topic does');
  assert.equal([past.of('c'), past.of('d')], [6, 5], 'c is remembered, d begins after the floor');
});

test('whatever comes and goes, no id is given out twice, and the memory is bounded', () => {
  const step = fc.record({ topic: fc.constantFrom(...'abcdefg'), messages: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, max) => {
      const past = new PastIds(max);
      const newest = new Map<string, number>();
      for (const { topic, messages } of steps) {
        const begin = past.of(topic);
        assert.ok(begin >= (newest.get(topic) ?? 0), `${topic} begins after ${begin}`);
        past.forget(topic);
        newest.set(topic, begin + messages);
        past.remember(topic, begin + messages);
        assert.ok(past.size <= max, `${past.size} names, ${max} at most`);
      }
    }),
    { numRuns: 500 },
  );
});

test.run();
