import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RingQueue } from '#topics';

test('an empty queue has nothing to give', () => {
  const queue = new RingQueue<number>();
  assert.is(queue.length, 0);
  assert.is(queue.peek(), undefined);
  assert.is(queue.at(0), undefined);
  assert.is(queue.shift(), undefined);
  assert.is(queue.length, 0);
});

test('at() counts from the head and knows its bounds', () => {
  const queue = new RingQueue<string>();
  for (const item of ['a', 'b', 'c']) queue.push(item);
  queue.shift();
  assert.equal([queue.at(0), queue.at(1), queue.at(2), queue.at(-1)], ['b', 'c', undefined, undefined]);
});

test('does what an array does, whatever the order of calls', () => {
  // Runs of pushes and shifts, so that the ring grows, wraps round and empties.
  const runs = fc.array(fc.record({ push: fc.boolean(), count: fc.nat(100) }), {
    maxLength: 40,
    size: 'max',
  });
  fc.assert(
    fc.property(runs, (steps) => {
      const queue = new RingQueue<number>();
      const model: number[] = [];
      let next = 0;
      for (const { push, count } of steps) {
        for (let i = 0; i < count; i += 1) {
          if (push) {
            queue.push(next);
            model.push(next);
            next += 1;
          } else assert.is(queue.shift(), model.shift());
          assert.is(queue.length, model.length);
          assert.is(queue.peek(), model[0]);
        }
        assert.equal(
          model.map((_, index) => queue.at(index)),
          model,
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('clear() forgets everything, and the queue can be used again', () => {
  const queue = new RingQueue<number>();
  for (let i = 0; i < 20; i += 1) queue.push(i);
  queue.clear();
  assert.is(queue.length, 0);
  assert.is(queue.shift(), undefined);
  queue.push(7);
  assert.is(queue.shift(), 7);
});

test.run();
