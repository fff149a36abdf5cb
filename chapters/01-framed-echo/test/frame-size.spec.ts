import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkSize, checkWhole, DEFAULT_FRAME_LIMIT, LeveretError, OptionError, readLimits } from '#framing';
import { refusal } from './frames.ts';

const checking = suite('frame: refusing a size');

checking('from 1 to the limit is fine', () => {
  for (const size of [1, 2, 99, 100]) checkSize(size, 100);
  checkSize(1, 1);
  checkSize(DEFAULT_FRAME_LIMIT, DEFAULT_FRAME_LIMIT);
});

checking('0 is BAD_FRAME', () => {
  assert.is(refusal(() => checkSize(0, 100)).code, 'BAD_FRAME', 'size 0');
});

checking('one above the limit, and all that four bytes can say, is TOO_LARGE', () => {
  for (const size of [101, 0xffff_ffff])
    assert.is(refusal(() => checkSize(size, 100)).code, 'TOO_LARGE', `size ${size}`);
});

checking('a typed error has a code, a name and a cause', () => {
  const cause = new Error('below');
  const error = new LeveretError('SOME_CODE', 'what to do', { cause });
  assert.equal(
    [error.code, error.name, error.message, error.cause],
    ['SOME_CODE', 'LeveretError', 'what to do', cause],
    'code, name, message and cause',
  );
});

checking.run();

const limits = suite('limits');

limits('a whole number within its bounds is given back', () => {
  for (const value of [0, 1, 65_535]) assert.is(checkWhole('port', value, 0, 65_535), value, `${value}`);
});

limits('anything else is an OptionError that names and quotes it, and says what it may be', () => {
  for (const [value, quoted] of [
    [-1, '-1'],
    [65_536, '65536'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['80', '"80"'],
    [undefined, 'undefined'],
    [null, 'null'],
  ] as const) {
    assert.throws(
      () => checkWhole('port', value, 0, 65_535),
      (error: Error) =>
        error instanceof OptionError &&
        ['port', quoted, '0', '65535'].every((part) => error.message.includes(part)),
      `port ${quoted}`,
    );
  }
});

limits('a table gives what was set, and its default for what was not', () => {
  const table = { size: { default: 8, min: 1, max: 64 }, count: { default: 2, min: 0, max: 9 } };
  assert.equal(readLimits(table, {}), { size: 8, count: 2 }, 'nothing is set');
  assert.equal(readLimits(table, { size: 64, count: undefined }), { size: 64, count: 2 }, 'one is set');
  assert.equal(readLimits(table, { count: 0 }), { size: 8, count: 0 }, '0 is a value, not the lack of one');
  assert.throws(
    () => readLimits(table, { size: 65 }),
    (error: Error) => error instanceof OptionError && error.message.includes('size'),
    'one is too large',
  );
});

limits.run();
