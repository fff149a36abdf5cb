import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Lagged, Receiver, Ring } from '#broadcast';
import { guarded } from './guarded.ts';
import { readAll, seenAs, turn } from './reading.ts';

const waitingSuite = suite('receiver, waiting and leaving');

/** More turns of a loop than any test has values. */
const MAX_READS = 100;

/** A receiver of a ring, and who was told that it leaves. */
function setUp(capacity: number, onReadable?: () => void) {
  const ring = new Ring<number>(capacity);
  const left: Receiver<number>[] = [];
  const join = (callback = onReadable) => new Receiver<number>(ring, (gone) => left.push(gone), callback);
  return { ring, left, join, ann: join() };
}

/** Notes what a promise gives, as soon as it does. */
function note(promise: Promise<number | Lagged | undefined>) {
  const noted: { isDone: boolean; value?: number | Lagged | undefined } = { isDone: false };
  void promise.then((value) => Object.assign(noted, { isDone: true, value }));
  return noted;
}

waitingSuite(
  'receive() gives at once what is there',
  guarded(async () => {
    const { ring, ann } = setUp(2);
    for (const value of [1, 2, 3]) ring.put(value);
    const [loss, value] = [await ann.receive(), await ann.receive()];
    assert.equal([seenAs(loss as Lagged), value], [-1, 2], 'the loss and the oldest kept');
  }),
);

waitingSuite(
  'receive() waits until it is woken and there is something to read',
  guarded(async () => {
    const { ring, ann } = setUp(4);
    const first = note(ann.receive());
    await turn();
    assert.is(first.isDone, false, 'whether it gives something though nothing was put');
    ring.put(1);
    ann.wake();
    await turn();
    assert.equal(first, { isDone: true, value: 1 }, 'what it gives');
  }),
);

waitingSuite(
  'wake() calls the callback, and only when there is something to read',
  guarded(() => {
    let calls = 0;
    const { ring, ann } = setUp(4, () => {
      calls += 1;
    });
    ann.wake();
    assert.is(calls, 0, 'nothing to read');
    ring.put(1);
    ann.wake();
    assert.is(calls, 1, 'one value');
    assert.equal(readAll(ann), [1], 'what is read');
    ann.wake();
    assert.is(calls, 1, 'everything was read');
  }),
);

waitingSuite(
  'of two who wait on one receiver, one gets the only value and the other waits on',
  guarded(async () => {
    const { ring, ann } = setUp(4);
    const [first, second] = [note(ann.receive()), note(ann.receive())];
    ring.put(1);
    ann.wake();
    await turn();
    assert.equal(first, { isDone: true, value: 1 }, 'who came first');
    assert.is(second.isDone, false, 'whether the other one has got something');
    ring.put(2);
    ann.wake();
    await turn();
    assert.equal(second, { isDone: true, value: 2 }, 'what the other one gets');
  }),
);

waitingSuite(
  'finish() keeps what was published, and takes nothing newer',
  guarded(() => {
    const { ring, left, join, ann } = setUp(4);
    const bob = join();
    ring.put(1);
    ring.put(2);
    ann.finish();
    assert.equal(
      [left.length, left[0] === ann, ring.readers],
      [1, true, 1],
      'she has left, one reader stays',
    );
    ring.put(3);
    assert.equal([ann.lag, ann.ended], [2, false], 'two are left to read');
    assert.equal(readAll(ann), [1, 2], 'what she reads');
    assert.equal([ann.lag, ann.ended], [0, true], 'now she has ended');
    assert.equal([readAll(bob), bob.ended], [[1, 2, 3], false], 'what bob reads');
  }),
);

waitingSuite(
  'a finished receiver that is overrun is told only of what was its own',
  guarded(() => {
    const { ring, join, ann } = setUp(2);
    join();
    for (const value of [1, 2, 3]) ring.put(value);
    ann.finish();
    for (const value of [4, 5, 6, 7]) ring.put(value);
    assert.equal(readAll(ann), [-3], 'three were hers');
    assert.is(ann.ended, true, 'she has ended');
  }),
);

waitingSuite(
  'receive() gives undefined only at the end',
  guarded(async () => {
    const { ring, ann } = setUp(4);
    ring.put(1);
    ann.finish();
    assert.is(await ann.receive(), 1, 'what she still has');
    assert.is(await ann.receive(), undefined, 'the end');
    assert.is(await ann.receive(), undefined, 'and again');
  }),
);

waitingSuite(
  'leaving while somebody waits ends the wait',
  guarded(async () => {
    for (const leave of ['finish', 'close'] as const) {
      const { ann } = setUp(4);
      const [one, other] = [note(ann.receive()), note(ann.receive())];
      await turn();
      ann[leave]();
      await turn();
      const end = { isDone: true, value: undefined };
      assert.equal([one, other], [end, end], `both get the end after ${leave}()`);
    }
  }),
);

waitingSuite(
  'close() gives up what is unread, and the ring lets it go',
  guarded(() => {
    const { ring, join, ann } = setUp(4);
    const bob = join();
    ring.put(1);
    ring.put(2);
    assert.is(bob.tryReceive(), 1, 'bob reads the first');
    ann.close();
    assert.equal([ann.tryReceive(), ann.lag, ann.ended], [undefined, 0, true], 'she has ended');
    assert.is(ring.take(0), undefined, 'the first waits for nobody any more');
    assert.is(bob.tryReceive(), 2, 'bob still gets the second');
    assert.is(ring.take(1), undefined, 'which waits for nobody then');
  }),
);

waitingSuite(
  'leaving twice is leaving once',
  guarded(() => {
    for (const leave of ['finish', 'close'] as const) {
      const { ring, left, join, ann } = setUp(4);
      const bob = join();
      ring.put(1);
      ann[leave]();
      ann[leave]();
      ann.close();
      assert.equal([left.length, ring.readers], [1, 1], `told once, one reader less, after ${leave}()`);
      assert.is(bob.tryReceive(), 1, `bob still gets his value after ${leave}()`);
    }
  }),
);

waitingSuite(
  'for await gives values and losses until the end',
  guarded(async () => {
    const { ring, ann } = setUp(2);
    for (const value of [1, 2, 3]) ring.put(value);
    ann.finish();
    const seen: number[] = [];
    for await (const received of ann) {
      seen.push(seenAs(received));
      if (seen.length > MAX_READS) throw new Error(`the loop goes on: ${seen.slice(-3).join(', ')}`);
    }
    assert.equal(seen, [-1, 2, 3], 'what the loop sees');
  }),
);

waitingSuite(
  'leaving a for await loop closes the receiver',
  guarded(async () => {
    const { ring, left, ann } = setUp(4);
    ring.put(1);
    for await (const received of ann) {
      assert.is(received, 1, 'the first value');
      break;
    }
    assert.equal([left.length, ann.ended, ring.readers], [1, true, 0], 'it has left');
  }),
);

waitingSuite.run();
