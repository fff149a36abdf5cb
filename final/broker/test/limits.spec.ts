import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_LIMITS, type LogLimits, readLimits } from '../limits.ts';

test('nothing given: the defaults', () => {
  assert.equal(readLimits({}), DEFAULT_LIMITS);
});

test('what is given holds, undefined is not given, the unknown is left out', () => {
  const given = { maxTopics: 5, maxLagBytes: undefined, colour: 'brown' } as unknown as Partial<LogLimits>;
  assert.equal(readLimits(given), { ...DEFAULT_LIMITS, maxTopics: 5 });
});

for (const [name, value] of [
  ['maxTopics', 0],
  ['maxTopics', 1.5],
  ['maxFrameSize', -1],
  ['maxLagBytes', Number.NaN],
  ['idleMs', -1],
  ['maxKeys', '7'],
  ['slowPolicy', 'wait'],
] as const) {
  test(`a bad value is named and quoted: ${name} ${value}`, () => {
    assert.throws(
      () => readLimits({ [name]: value } as Partial<LogLimits>),
      (error: unknown) =>
        error instanceof RangeError && error.message.includes(name) && error.message.includes(`${value}`),
    );
  });
}

test('deadlines that may be turned off', () => {
  assert.is(readLimits({ idleMs: 0, drainTimeoutMs: 0 }).idleMs, 0);
});

test.run();
