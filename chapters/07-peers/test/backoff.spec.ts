import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Backoff } from '#peers';

const test = suite('backoff');

test('doubles up to the maximum, and starts over after a success', () => {
  const backoff = new Backoff({ initial: 100, max: 1_000, random: () => 0 });
  const delays = Array.from({ length: 6 }, () => backoff.failed(0));
  assert.equal(delays, [50, 100, 200, 400, 500, 500]);
  assert.is(backoff.failures, 6);
  backoff.succeeded();
  assert.is(backoff.failures, 0);
  assert.is(backoff.failed(0), 50);
});

test('the jitter fills the upper half of each delay', () => {
  const highest = new Backoff({ initial: 100, max: 1_000, random: () => 0.999_999 });
  assert.is(Math.round(highest.failed(0)), 100);
  const middle = new Backoff({ initial: 100, max: 1_000, random: () => 0.5 });
  assert.is(middle.failed(0), 75);
});

test('says until when, on the clock that it was given', () => {
  const backoff = new Backoff({ initial: 100, max: 1_000, random: () => 0 });
  assert.ok(backoff.until < 0);
  backoff.failed(5_000);
  assert.is(backoff.until, 5_050);
  backoff.succeeded();
  assert.ok(backoff.until < 0);
});

test('stays at the maximum after a thousand failures', () => {
  const backoff = new Backoff({ initial: 1, max: 60_000, random: () => 0 });
  for (let failure = 0; failure < 5_000; failure++) backoff.failed(0);
  assert.is(backoff.failed(0), 30_000);
});

test('two of them do not go in step', () => {
  const one = new Backoff();
  const other = new Backoff();
  const delays = (backoff: Backoff) => Array.from({ length: 20 }, () => backoff.failed(0));
  assert.not.equal(delays(one), delays(other));
});

test('refuses options that make no sense', () => {
  assert.throws(() => new Backoff({ initial: 0 }), /not 0/);
  assert.throws(() => new Backoff({ initial: Number.NaN }), /not NaN/);
  assert.throws(() => new Backoff({ initial: 10, max: 5 }), /not 5/);
});

test.run();
