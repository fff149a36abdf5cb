import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ByteCursor, FrameError, OptionError } from '#framing';

const cursor = suite('ByteCursor');

cursor('reads numbers, big-endian, and knows what is left', () => {
  const bytes = Buffer.from('ff01020304050607000000010000000200ff', 'hex');
  const from = new ByteCursor(bytes, 1, bytes.length - 1);
  assert.is(from.number(1), 0x01, 'one byte');
  assert.is(from.number(2), 0x0203, 'two bytes');
  assert.is(from.number(4), 0x04050607, 'four bytes');
  assert.is(from.number(8), 2 ** 32 + 2, 'eight bytes');
  assert.is(from.left, 1, 'the last byte before the end');
});

cursor('an id beyond 2^53 - 1 is read as that', () => {
  assert.is(new ByteCursor(Buffer.alloc(8, 0xff)).number(8), Number.MAX_SAFE_INTEGER, 'the largest');
  assert.is(
    new ByteCursor(Buffer.from('0020000000000000', 'hex')).number(8),
    2 ** 53 - 1,
    'the first beyond',
  );
});

cursor('nothing leads past the end, and a refused step moves nothing', () => {
  const from = new ByteCursor(Buffer.alloc(10), 2, 5);
  for (const size of [4, 8, 0xffff_ffff]) {
    assert.throws(
      () => from.skip(size),
      (error: Error) => error instanceof FrameError && error.code === 'BAD_FRAME',
      `${size} bytes of 3`,
    );
    assert.is(from.at, 2, 'it stands where it stood');
  }
  assert.is(from.view(3).length, 3, 'all that is left');
  assert.is(from.left, 0, 'nothing is left');
});

cursor('writes what it reads, for every width', () => {
  for (const [width, value] of [
    [1, 0xfe],
    [2, 0xfedc],
    [4, 0xfedcba98],
    [8, 2 ** 53 - 1],
  ] as const) {
    const to = new ByteCursor(new Uint8Array(width));
    to.putNumber(value, width);
    assert.is(new ByteCursor(to.bytes).number(width), value, `${width} bytes`);
  }
});

cursor('refuses numbers that do not fit', () => {
  for (const [value, width] of [
    [256, 1],
    [-1, 2],
    [1.5, 4],
    [2 ** 53, 8],
  ] as const) {
    const to = new ByteCursor(new Uint8Array(8));
    assert.throws(
      () => to.putNumber(value, width),
      (error: Error) => error instanceof OptionError,
      `${value}`,
    );
    assert.is(to.at, 0, 'nothing was written');
  }
});

cursor.run();
