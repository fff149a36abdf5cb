import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Queue } from '#topics';
import { testQueue } from './queue-cases.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

testQueue(() => new Queue());

/** Most processor time that 150,000 items may take. Two passes over them take about 10 ms, their square a second. */
const MOST_MS = 400;

test('emptying a long queue takes time in proportion, not the square', () => {
  const queue = new Queue<number>();
  for (let i = 0; i < 150_000; i += 1) queue.push(i);
  const before = process.cpuUsage();
  for (let i = 0; i < 150_000; i += 1) {
    if (queue.shift() !== i) throw new Error(`shift number ${i} did not give item ${i}`);
    if (i % 5_000 === 0) {
      const { user, system } = process.cpuUsage(before);
      const ms = Math.round((user + system) / 1_000);
      assert.ok(ms < MOST_MS, `${i} of 150,000 items taken in ${ms} ms: each shift moves what is left`);
    }
  }
});

test('a queue that is never empty keeps no dead places', () => {
  const queue = new Queue<number>();
  for (let i = 0; i < 10; i += 1) queue.push(i);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 1_000_000; i += 1) {
    queue.push(i);
    queue.shift();
  }
  collectGarbage();
  const grown = Math.round((process.memoryUsage().heapUsed - before) / 1e6);
  assert.ok(grown < 4, `after a million items, of which it holds ${queue.length}, it is ${grown} MB larger`);
});

test('an item that was taken is not kept alive', async () => {
  const queue = new Queue<object>();
  for (let i = 0; i < 10; i += 1) queue.push({ i });
  const taken = new WeakRef(queue.shift() ?? {});
  // A WeakRef holds what it was made with until the running task ends.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  assert.is(taken.deref(), undefined, 'nobody but the queue can hold the item that was taken');
  assert.is(queue.length, 9, 'the queue is still there');
});

test.run();
