import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Ring } from '#broadcast';
import { guarded } from './guarded.ts';

const ringSuite = suite('ring');

/** A ring with values in it, each to be read by so many readers. */
function filled(capacity: number, readers: number, ...values: string[]): Ring<string> {
  const ring = new Ring<string>(capacity);
  ring.readers = readers;
  for (const value of values) ring.put(value);
  return ring;
}

/** What one reader takes: the numbers `from` up to, not including, `to`. */
const takeAll = (ring: Ring<string>, from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => ring.take(from + at));

ringSuite(
  'sequence numbers count up from 0',
  guarded(() => {
    const ring = filled(4, 1);
    assert.equal([ring.capacity, ring.next, ring.oldest], [4, 0, 0], 'capacity, next and oldest at first');
    ring.put('a');
    assert.equal([ring.next, ring.oldest], [1, 0], 'next and oldest after one value');
    assert.equal(takeAll(ring, 0, 1), ['a'], 'number 0');
  }),
);

ringSuite(
  'a full ring has lost nothing yet',
  guarded(() => {
    const ring = filled(4, 1, 'a', 'b', 'c', 'd');
    assert.equal([ring.next, ring.oldest], [4, 0], 'next and oldest');
    assert.equal(takeAll(ring, 0, 4), ['a', 'b', 'c', 'd'], 'all four');
  }),
);

ringSuite(
  'a value takes the place of the one that is `capacity` older',
  guarded(() => {
    const ring = filled(4, 1, ...'abcdefghijk');
    assert.equal([ring.next, ring.oldest], [11, 7], 'next and oldest after eleven values');
    assert.equal(takeAll(ring, 7, 11), ['h', 'i', 'j', 'k'], 'the last four');
  }),
);

ringSuite(
  'a ring of one keeps the newest',
  guarded(() => {
    const ring = filled(1, 1, 'a', 'b', 'c');
    assert.equal([ring.next, ring.oldest], [3, 2], 'next and oldest');
    assert.is(ring.take(2), 'c', 'the newest');
  }),
);

ringSuite(
  'a value stays until the last of its readers has taken it',
  guarded(() => {
    const ring = filled(4, 3, 'a');
    assert.equal([ring.take(0), ring.take(0), ring.take(0)], ['a', 'a', 'a'], 'three readers');
    assert.is(ring.take(0), undefined, 'then its place is empty, so that nothing keeps the value alive');
  }),
);

ringSuite(
  'how many readers a value has is fixed when it is put',
  guarded(() => {
    const ring = filled(4, 1, 'a');
    ring.readers = 2;
    ring.put('b');
    ring.take(0);
    assert.is(ring.take(0), undefined, 'one reader for the first');
    assert.equal([ring.take(1), ring.take(1), ring.take(1)], ['b', 'b', undefined], 'two for the second');
  }),
);

ringSuite(
  'a place that is used again begins with the readers of its new value',
  guarded(() => {
    const ring = filled(2, 2, 'a', 'b', 'c');
    assert.equal([ring.take(2), ring.take(2)], ['c', 'c'], 'both readers of the third value');
    assert.is(ring.take(2), undefined, 'then its place is empty');
  }),
);

ringSuite(
  'release: a reader that leaves owes its reads no longer',
  guarded(() => {
    const ring = filled(4, 2, 'a', 'b', 'c');
    ring.release(1, 3);
    assert.equal(takeAll(ring, 0, 3), ['a', 'b', 'c'], 'what the other one takes');
    assert.equal(takeAll(ring, 1, 3), [undefined, undefined], 'what was released is let go with that');
    assert.is(ring.take(0), 'a', 'what was not released still waits for its second reader');
  }),
);

ringSuite(
  'release looks only at what is kept: an overwritten number is not the business of its place',
  guarded(() => {
    const ring = filled(2, 2, 'a', 'b', 'c', 'd');
    ring.release(0, 4);
    assert.equal(takeAll(ring, 2, 4), ['c', 'd'], 'the other one still gets both');
  }),
);

ringSuite(
  'release of a reader that stopped earlier touches nothing newer',
  guarded(() => {
    const ring = filled(4, 1, 'a', 'b', 'c');
    ring.release(0, 2);
    assert.is(ring.take(2), 'c', 'the newest is not its business');
    const overwritten = filled(2, 1, 'a', 'b', 'c', 'd');
    overwritten.release(0, 2);
    assert.equal(takeAll(overwritten, 2, 4), ['c', 'd'], 'nor what has taken the places of its own');
  }),
);

ringSuite(
  'a bad capacity is refused, and named',
  guarded(() => {
    for (const capacity of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 25]) {
      assert.throws(
        () => new Ring(capacity),
        (error: Error) => error instanceof RangeError && error.message.endsWith(`not ${capacity}`),
        `a capacity of ${capacity}`,
      );
    }
    assert.is(new Ring(1).capacity, 1, 'the smallest');
  }),
);

ringSuite.run();
