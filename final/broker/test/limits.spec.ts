import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BROKER_LIMITS } from '#protocol';
import { LIMITS, type LimitOptions, readBrokerLimits } from '../limits.ts';

test('nothing given: the defaults', () => {
  const limits = readBrokerLimits({});
  for (const [name, { default: usual }] of Object.entries(LIMITS)) {
    assert.is(limits[name as keyof typeof LIMITS], usual, name);
  }
  assert.is(limits.slowPolicy, 'disconnect');
});

test('every limit of chapter 4 is one of this broker, with the same bounds; only draining may have no end', () => {
  for (const [name, { min, max }] of Object.entries(BROKER_LIMITS)) {
    const limit = LIMITS[name as keyof typeof BROKER_LIMITS];
    assert.is(limit.min, name === 'drainTimeoutMs' ? 0 : min, `least ${name}`);
    assert.is(limit.max, max, `most ${name}`);
  }
});

test('what is given holds, undefined is not given, the unknown is left out', () => {
  const given = { maxTopics: 5, maxLagBytes: undefined, colour: 'brown' };
  assert.equal(readBrokerLimits(given), { ...readBrokerLimits({}), maxTopics: 5 });
});

const GiB = 1024 ** 3;
for (const [name, value] of [
  ['maxTopics', 0],
  ['maxTopics', 1.5],
  ['maxFrameSize', 64],
  ['maxFrameSize', 5 * GiB],
  ['maxFrameSize', 8 * GiB],
  ['helloFrameLimit', 5 * GiB],
  ['maxTopicBytes', 256],
  ['maxKeyBytes', 65_536],
  ['maxConnections', 2 ** 40],
  ['maxLagBytes', Number.NaN],
  ['idleMs', -1],
  ['frameTimeoutMs', 0],
  ['drainTimeoutMs', 2 ** 31],
  ['maxKeys', '7'],
  ['maxKeys', 2 ** 24 + 1],
  ['slowPolicy', 'wait'],
] as const) {
  test(`a bad value is named and quoted: ${name} ${value}`, () => {
    assert.throws(
      () => readBrokerLimits({ [name]: value } as LimitOptions),
      (error: unknown) =>
        error instanceof RangeError && error.message.includes(name) && error.message.includes(`${value}`),
    );
  });
}

test('deadlines that may be turned off', () => {
  assert.is(readBrokerLimits({ idleMs: 0, drainTimeoutMs: 0 }).idleMs, 0);
});

test.run();
