import * as assert from 'node:assert';
import { test } from 'uvu';
import { AsyncQueue } from '#topics';

test('items come out in the order in which they came', async () => {
  const queue = new AsyncQueue<number>();
  for (let item = 0; item < 2_000; item++) queue.push(item);
  assert.strictEqual(queue.length, 2_000);
  for (let item = 0; item < 2_000; item++) assert.strictEqual(await queue.take(), item);
  assert.strictEqual(queue.length, 0);
});

test('each item goes to one consumer, to the one that has waited longest first', async () => {
  const queue = new AsyncQueue<string>();
  const waiting = [queue.take(), queue.take(), queue.take()];
  for (const item of ['one', 'two', 'three', 'four']) queue.push(item);
  assert.deepStrictEqual(await Promise.all(waiting), ['one', 'two', 'three']);
  assert.strictEqual(queue.length, 1);
});

test('after its end nobody waits; what is there, or still comes, may be taken', async () => {
  const queue = new AsyncQueue<string>();
  const waiting = [queue.take(), queue.take()];
  queue.close();
  assert.deepStrictEqual(await Promise.all(waiting), [undefined, undefined]);
  queue.push('late');
  assert.strictEqual(await queue.take(), 'late');
  assert.strictEqual(await queue.take(), undefined);
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
  await Promise.all(loops);
  assert.strictEqual(new Set(seen).size, 100, 'an item was lost, or came twice');
});

test('an end that is a failure is thrown, to who waits and to who comes later', async () => {
  const queue = new AsyncQueue<string>();
  const failure = new Error('the connection is gone');
  const waiting = queue.take();
  queue.close(failure);
  queue.close();
  assert.ok(queue.closed, 'it is closed');
  for (const taken of [waiting, queue.take()]) {
    await assert.rejects(taken, failure, 'the failure was not thrown');
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
  assert.deepStrictEqual([await first, await queue.take(), waiting], [1, 10, 1_100]);
  queue.clear();
  assert.deepStrictEqual([queue.length, waiting], [0, 0], 'what was forgotten is still counted');
});

test.run();
