import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LOG_LIMITS, type LogLimits, startLogBroker } from '#log/broker';
import { BROKER_LIMITS } from '#protocol/broker';

test('every limit of chapter 4 is one of this broker, with the same bounds', () => {
  for (const [name, { min, max }] of Object.entries(BROKER_LIMITS)) {
    const limit = LOG_LIMITS[name as keyof LogLimits];
    assert.is(limit?.min, min, `least ${name}`);
    assert.is(limit?.max, max, `most ${name}`);
  }
});

for (const [name, value] of [
  // What the size field of a frame cannot say.
  ['maxFrameSize', 8 * 2 ** 30],
  ['maxFrameSize', 0],
  ['maxTopics', 0],
  ['maxTopics', 1.5],
  ['maxTopicBytes', 256],
  ['maxLagBytes', Number.NaN],
  ['maxLagMessages', '7'],
  ['closeTimeoutMs', 2 ** 31],
] as const) {
  test(`a bad value is refused, named and quoted: ${name} ${value}`, async () => {
    const started = startLogBroker({ [name]: value } as Partial<LogLimits>);
    const error = await started.then(
      async (broker) => void (await broker.close()),
      (reason: Error) => reason,
    );
    assert.is(error instanceof RangeError && 'code' in error && error.code, 'BAD_OPTION', 'it was taken');
    assert.ok(
      error?.message.includes(name) && error.message.includes(`${value}`),
      `it says: ${error?.message}`,
    );
  });
}

test.run();
