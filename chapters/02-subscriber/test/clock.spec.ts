import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock, monotonicClock } from '#topics';

test('a manual clock stands still until it is moved', () => {
  const clock = createManualClock(1_000);
  assert.equal([clock(), clock()], [1_000, 1_000], 'asked twice');
  clock.advance(50);
  clock.advance(0.5);
  assert.is(clock(), 1_050.5, 'after two moves');
  assert.is(createManualClock()(), 0, 'without a start it shows 0');
});

test('a manual clock can be set back, as a broken clock would be', () => {
  const clock = createManualClock(1_000);
  clock.advance(-1_500);
  assert.is(clock(), -500, 'the time');
});

test('each manual clock has its own time', () => {
  const [one, other] = [createManualClock(), createManualClock()];
  one.advance(10);
  assert.equal([one(), other()], [10, 0], 'the one that was moved, and the other');
});

test('a clock can be handed on as a function', () => {
  const clock = createManualClock(7);
  const { advance } = clock;
  const read: () => number = clock;
  advance(3);
  assert.is(read(), 10, 'the time');
});

test('the clock of the process never falls', () => {
  const times = Array.from({ length: 1_000 }, () => monotonicClock());
  assert.equal(
    times,
    [...times].sort((a, b) => a - b),
    'a thousand readings',
  );
});

test.run();
