import * as assert from 'node:assert';
import { test } from 'uvu';
import { AsyncQueue } from '#topics';
import { soon } from './support.ts';

test('items come out in the order in which they came', async () => {
  const queue = new AsyncQueue<number>();
  for (let item = 0; item < 2_000; item++) queue.push(item);
  assert.strictEqual(queue.length, 2_000, 'all wait');
  for (let item = 0; item < 2_000; item++) {
    assert.strictEqual(await soon(queue.take(), `item ${item}`), item, 'the oldest');
  }
  assert.strictEqual(queue.length, 0, 'none waits');
});

test('each item goes to one consumer, to the one that has waited longest first', async () => {
  const queue = new AsyncQueue<string>();
  const waiting = [queue.take(), queue.take(), queue.take()];
  for (const item of ['one', 'two', 'three', 'four']) queue.push(item);
  const taken = await soon(Promise.all(waiting), 'three items for three who wait');
  assert.deepStrictEqual(taken, ['one', 'two', 'three'], 'in the order of those who wait');
  assert.strictEqual(queue.length, 1, 'the fourth waits');
});

test('after its end nobody waits; what is there, or still comes, may be taken', async () => {
  const queue = new AsyncQueue<string>();
  const waiting = [queue.take(), queue.take()];
  queue.close();
  const ends = await soon(Promise.all(waiting), 'the end, for two who wait');
  assert.deepStrictEqual(ends, [undefined, undefined], 'what they are given');
  queue.push('late');
  assert.strictEqual(await soon(queue.take(), 'an item that came late'), 'late', 'what is there');
  assert.strictEqual(await soon(queue.take(), 'the end'), undefined, 'then the end');
});

test('several loops share the items, and end with the queue', async () => {
  const queue = new AsyncQueue<number>();
  const seen: number[] = [];
  async function loop(): Promise<void> {
    for await (const item of queue) seen.push(item);
  }
  const loops = [loop(), loop()];
  for (let item = 0; item < 100; item++) queue.push(item);
  queue.close();
  await soon(Promise.all(loops), 'the end of both loops');
  assert.strictEqual(seen.length, 100, 'an item came twice, or not at all');
  assert.strictEqual(new Set(seen).size, 100, 'an item was lost');
});

test('an end that is a failure is thrown, to who waits and to who comes later', async () => {
  const queue = new AsyncQueue<string>();
  const failure = new Error('the connection is gone');
  const waiting = queue.take();
  assert.strictEqual(queue.closed, false, 'it is open');
  queue.close(failure);
  queue.close();
  assert.strictEqual(queue.closed, true, 'it is closed');
  for (const taken of [waiting, queue.take()]) {
    await assert.rejects(soon(taken, 'the failure'), failure, 'the failure was not thrown');
  }
});

test('its owner is told of each item that waits, and of each that waits no more', async () => {
  let waiting = 0;
  const queue = new AsyncQueue<number>((item, count) => {
    waiting += item * count;
  });
  const first = queue.take();
  queue.push(1);
  assert.strictEqual(waiting, 0, 'what somebody waited for does not wait');
  for (const item of [10, 100, 1_000]) queue.push(item);
  const taken = [await soon(first, 'the first'), await soon(queue.take(), 'the second')];
  assert.deepStrictEqual([...taken, waiting], [1, 10, 1_100], 'two taken, and two that wait');
  queue.clear();
  assert.deepStrictEqual([queue.length, waiting], [0, 0], 'what was forgotten is still counted');
});

test('a consumer that never has to wait lets others have their turn', async () => {
  const queue = new AsyncQueue<number>();
  for (let item = 0; item < 5_000; item++) queue.push(item);
  let takenAtTurn = -1;
  setImmediate(() => {
    takenAtTurn = 5_000 - queue.length;
  });
  for (let item = 0; item < 5_000; item++) await queue.take();
  assert.notStrictEqual(takenAtTurn, -1, 'no socket is served before all 5,000 items are taken');
  assert.ok(
    takenAtTurn >= 64,
    `others had their turn after ${takenAtTurn} items: a turn for each costs too much`,
  );
});

test.run();
