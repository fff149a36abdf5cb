import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { backoffDelay, readBackoff } from '#peers/backoff';

const test = suite('backoff');

const delays = (options: Parameters<typeof backoffDelay>[1], count = 6) =>
  Array.from({ length: count }, (_, n) => backoffDelay(n + 1, options));

test('doubles up to the maximum', () => {
  const options = { initialMs: 100, maxMs: 1_000, random: () => 0 };
  assert.equal(delays(options), [50, 100, 200, 400, 500, 500]);
});

test('the jitter fills the upper half of each delay', () => {
  const options = { initialMs: 100, maxMs: 1_000 };
  assert.is(backoffDelay(1, { ...options, random: () => 0.999_999 }), 100);
  assert.is(backoffDelay(1, { ...options, random: () => 0.5 }), 75);
  assert.is(backoffDelay(3, { ...options, random: () => 0.5 }), 300);
});

test('whole milliseconds', () => {
  assert.is(backoffDelay(1, { initialMs: 3, maxMs: 3, random: () => 0.1 }), 2);
});

test('stays at the maximum after thousands of failures', () => {
  assert.is(backoffDelay(5_000, { initialMs: 1, maxMs: 60_000, random: () => 0 }), 30_000);
});

test('two of them do not go in step', () => {
  assert.not.equal(delays(readBackoff(), 20), delays(readBackoff(), 20));
});

test('refuses options that make no sense', () => {
  assert.throws(() => readBackoff({ initialMs: 0 }), /initialMs is a whole number .* not 0/);
  assert.throws(() => readBackoff({ initialMs: Number.NaN }), /not NaN/);
  assert.throws(() => readBackoff({ initialMs: 10, maxMs: 5 }), /maxMs is a whole number from 10 .* not 5/);
});

test.run();
