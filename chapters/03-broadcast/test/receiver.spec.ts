import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Lagged, Receiver, Ring } from '#broadcast';
import { guarded } from './guarded.ts';
import { readAll } from './reading.ts';

const receiverSuite = suite('receiver, position');

const MAX_READS = 100;

/** A ring, and a way to get receivers of it. */
function setUp(capacity: number) {
  const ring = new Ring<number>(capacity);
  return { ring, join: () => new Receiver<number>(ring, () => {}) };
}

const putAll = (ring: Ring<number>, ...values: number[]) => {
  for (const value of values) ring.put(value);
};

receiverSuite(
  'reads what is put after it was made, in order, and then nothing',
  guarded(() => {
    const { ring, join } = setUp(4);
    ring.readers = 1; // somebody else, so that the first value is kept
    ring.put(1);
    const ann = join();
    putAll(ring, 2, 3);
    assert.is(ann.tryReceive(), 2, 'the first that is hers');
    assert.is(ann.tryReceive(), 3, 'the second');
    assert.is(ann.tryReceive(), undefined, 'nothing now');
    ring.put(4);
    assert.is(ann.tryReceive(), 4, 'the next one');
  }),
);

receiverSuite(
  'a new receiver is one more reader of the ring',
  guarded(() => {
    const { ring, join } = setUp(4);
    join();
    join();
    assert.is(ring.readers, 2, 'readers of the next value');
  }),
);

receiverSuite(
  'each receiver has a position of its own',
  guarded(() => {
    const { ring, join } = setUp(4);
    const [ann, bob] = [join(), join()];
    ring.put(1);
    assert.equal(readAll(ann), [1], 'what ann reads first');
    ring.put(2);
    assert.equal(readAll(ann), [2], 'what ann reads then');
    assert.equal(readAll(bob), [1, 2], 'what bob reads at once');
  }),
);

receiverSuite(
  'lag counts what is neither read nor told as missed',
  guarded(() => {
    const { ring, join } = setUp(4);
    const ann = join();
    assert.is(ann.lag, 0, 'at first');
    putAll(ring, 1, 2, 3);
    assert.is(ann.lag, 3, 'three wait');
    ann.tryReceive();
    assert.is(ann.lag, 2, 'one is read');
  }),
);

receiverSuite(
  'a full ring is not yet a loss',
  guarded(() => {
    const { ring, join } = setUp(4);
    const ann = join();
    putAll(ring, 1, 2, 3, 4);
    assert.is(ann.lag, 4, 'as many wait as fit');
    assert.is(ann.tryReceive(), 1, 'the oldest is there');
    assert.equal(readAll(ann), [2, 3, 4], 'and all others');
  }),
);

receiverSuite(
  'an overrun receiver is told how many it missed, then goes on at the oldest kept',
  guarded(() => {
    const { ring, join } = setUp(4);
    const slow = join();
    for (let value = 1; value <= 11; value += 1) ring.put(value);
    assert.is(slow.lag, 11, 'the lag before the loss is told');
    assert.equal(slow.tryReceive(), new Lagged(7), 'seven of eleven are gone');
    assert.is(slow.lag, 4, 'the lag after it');
    assert.is(slow.tryReceive(), 8, 'the oldest that is kept');
    assert.equal(readAll(slow), [9, 10, 11], 'the others that are kept');
  }),
);

receiverSuite(
  'one value too many is a loss of one',
  guarded(() => {
    const { ring, join } = setUp(4);
    const ann = join();
    putAll(ring, 1, 2, 3, 4, 5);
    assert.equal(ann.tryReceive(), new Lagged(1), 'the loss');
    assert.equal(readAll(ann), [2, 3, 4, 5], 'what is kept');
  }),
);

receiverSuite(
  'overrun again between two reads: each loss is told',
  guarded(() => {
    const { ring, join } = setUp(2);
    const ann = join();
    putAll(ring, 1, 2, 3);
    assert.equal(ann.tryReceive(), new Lagged(1), 'the first loss');
    ring.put(4);
    assert.equal(ann.tryReceive(), new Lagged(1), 'the second loss');
    assert.is(ann.tryReceive(), 3, 'the oldest that is kept');
    putAll(ring, 5, 6);
    assert.equal(readAll(ann), [-1, 5, 6], 'the third loss, and the rest');
  }),
);

receiverSuite(
  'falsy values, and objects that look like a loss, are ordinary values',
  guarded(() => {
    const ring = new Ring<NonNullable<unknown>>(4);
    const ann = new Receiver(ring, () => {});
    for (const value of [0, '', false, { missed: 3 }]) {
      ring.put(value);
      assert.is(ann.tryReceive(), value, JSON.stringify(value));
    }
  }),
);

receiverSuite(
  'what all have read is let go, each place once',
  guarded(() => {
    const { ring, join } = setUp(4);
    const [ann, bob] = [join(), join()];
    putAll(ring, 1, 2);
    readAll(ann);
    assert.is(bob.tryReceive(), 1, 'bob still gets the first');
    assert.is(ring.take(0), undefined, 'now nobody owes it a read');
    assert.is(bob.tryReceive(), 2, 'the second was not touched');
  }),
);

receiverSuite(
  'drain gives all values away, and counts what was missed',
  guarded(() => {
    const { ring, join } = setUp(2);
    const ann = join();
    putAll(ring, 1, 2, 3, 4, 5);
    // Bounded: a read that never says "nothing" must not keep this test busy for ever.
    const read = ann.tryReceive.bind(ann);
    let reads = 0;
    ann.tryReceive = () => {
      reads += 1;
      if (reads > MAX_READS) throw new Error('drain reads on though nothing is there');
      return read();
    };
    const given: number[] = [];
    assert.is(
      ann.drain((value) => given.push(value)),
      3,
      'how many were missed',
    );
    assert.equal(given, [4, 5], 'the values');
    assert.is(
      ann.drain(() => {}),
      0,
      'nothing more to miss',
    );
  }),
);

receiverSuite.run();
