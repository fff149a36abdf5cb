import * as assert from 'node:assert';
import { test } from 'uvu';
import { ConnectionTable, Pipeline } from '#connections';

const handlers = { received() {} };

test('an option of the table that is out of range is refused, named and quoted', () => {
  const names = [
    'maxConnections',
    'highWaterMark',
    'idleTimeoutMs',
    'writeTimeoutMs',
    'closeTimeoutMs',
    'sweepIntervalMs',
  ];
  for (const name of names) {
    for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      assert.throws(
        () => new ConnectionTable({ [name]: value }, handlers),
        (error) =>
          error instanceof RangeError &&
          error.message.includes(name) &&
          error.message.endsWith(`not ${value}`),
      );
    }
  }
  assert.throws(() => new ConnectionTable({ maxConnections: 0 }, handlers), RangeError);
  new ConnectionTable({ idleTimeoutMs: 0, writeTimeoutMs: 0, closeTimeoutMs: 0 }, handlers);
});

test('an option of the pipeline that is out of range is refused before anybody connects', () => {
  for (const name of ['queueBytes', 'maxEvents', 'sendQueueBytes', 'idleTimeoutMs']) {
    assert.throws(() => new Pipeline({ [name]: -1 }), new RegExp(`${name}.*not -1`));
  }
  for (const name of ['queueBytes', 'maxEvents', 'sendQueueBytes']) {
    assert.throws(() => new Pipeline({ [name]: 0 }), new RegExp(`${name}.*not 0`));
  }
  assert.throws(() => new Pipeline({ sweepIntervalMs: 0 }), RangeError);
});

test.run();
