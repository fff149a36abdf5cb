/** What every queue of this chapter promises, the short one too. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Queue } from '#topics';

/** The public side of a queue. */
export type AnyQueue<T> = Pick<Queue<T>, 'length' | 'push' | 'shift' | 'peek' | 'at' | 'clear'> & Iterable<T>;

/** Adds the tests that hold any queue. */
export function testQueue(makeQueue: <T>() => AnyQueue<T>): void {
  test('an empty queue has nothing to give', () => {
    const queue = makeQueue<number>();
    assert.is(queue.length, 0, 'its length');
    assert.is(queue.peek(), undefined, 'its first item');
    assert.is(queue.at(0), undefined, 'the item at place 0');
    assert.is(queue.shift(), undefined, 'what shift gives');
    assert.is(queue.length, 0, 'its length after shift');
  });

  test('first in, first out', () => {
    const queue = makeQueue<string>();
    for (const item of ['a', 'b', 'c']) queue.push(item);
    assert.equal([queue.length, queue.peek()], [3, 'a'], 'its length, and the first item, which stays');
    assert.equal([...queue], ['a', 'b', 'c'], 'all items, which stay');
    assert.equal(
      [queue.shift(), queue.shift(), queue.shift(), queue.shift()],
      ['a', 'b', 'c', undefined],
      'what four calls of shift give',
    );
  });

  test('at() counts from the head and knows its bounds', () => {
    const queue = makeQueue<string>();
    for (const item of ['a', 'b', 'c']) queue.push(item);
    queue.shift();
    const seen = [queue.at(0), queue.at(1), queue.at(2), queue.at(-1)];
    assert.equal(seen, ['b', 'c', undefined, undefined], 'places 0, 1, 2 and -1 after one shift');
  });

  test('clear() forgets everything, and the queue can be used again', () => {
    const queue = makeQueue<number>();
    for (let i = 0; i < 20; i += 1) queue.push(i);
    queue.shift();
    queue.clear();
    assert.is(queue.length, 0, 'its length');
    assert.is(queue.shift(), undefined, 'what shift gives');
    queue.push(7);
    assert.equal(
      [queue.length, queue.peek(), queue.shift()],
      [1, 7, 7],
      'the item that was pushed afterwards',
    );
  });

  test('does what an array does, whatever the order of calls', () => {
    // Runs of pushes and shifts, so that the dead part in front grows, is cut off, and all is empty now and then.
    const runs = fc.array(fc.record({ push: fc.boolean(), count: fc.nat(100) }), {
      maxLength: 40,
      size: 'max',
    });
    fc.assert(
      fc.property(runs, (steps) => {
        const queue = makeQueue<number>();
        const model: number[] = [];
        let next = 0;
        for (const { push, count } of steps) {
          for (let i = 0; i < count; i += 1) {
            if (push) {
              queue.push(next);
              model.push(next);
              next += 1;
            } else assert.is(queue.shift(), model.shift(), 'shift gives the oldest');
            assert.is(queue.length, model.length, 'the length');
            assert.is(queue.peek(), model[0], 'the first item');
          }
          assert.equal([...queue], model, 'all items in order');
          assert.equal(
            model.map((_, index) => queue.at(index)),
            model,
            'each item at its place',
          );
        }
      }),
      { numRuns: 200 },
    );
  });
}
