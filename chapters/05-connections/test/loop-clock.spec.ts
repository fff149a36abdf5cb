import assert from 'node:assert';
import { test } from 'uvu';
import { createLoopClock } from '#connections';

test('time goes on while somebody reads it, also when they are a little late', () => {
  let time = 1_000;
  const clock = createLoopClock(500, () => time);
  for (const step of [0, 1, 500, 700, 1_000]) {
    const before = clock();
    time += step;
    assert.strictEqual(clock() - before, step, `after ${step} ms`);
  }
});

test('a process that was stopped for an hour has lost one interval', () => {
  let time = 1_000;
  const clock = createLoopClock(500, () => time);
  const before = clock();
  time += 3_600_000;
  assert.strictEqual(clock() - before, 500, 'time in which nobody could read counts');
  time += 100;
  assert.strictEqual(clock() - before, 600, 'it goes on from there');
});

test.run();
