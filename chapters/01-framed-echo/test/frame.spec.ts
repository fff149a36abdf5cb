import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkSize, DEFAULT_FRAME_LIMIT, encodeFrame, HEADER_SIZE, LeveretError, TYPE_SIZE } from '#framing';
import { refusal } from './frames.ts';
import { hex } from './raw-socket.ts';

const encoding = suite('frame: laying one out');

encoding('size, type and body stand in their places', () => {
  const cases: [type: number, body: string, frame: string][] = [
    [1, '', '00000001 01'],
    [0, 'ff', '00000002 00 ff'],
    [255, '0001', '00000003 ff 0001'],
    [5, '68656c6c6f', '00000006 05 68656c6c6f'],
    [2, '11'.repeat(300), `0000012d 02 ${'11'.repeat(300)}`],
  ];
  for (const [type, body, frame] of cases) {
    assert.is(encodeFrame(type, hex(body)).toString('hex'), hex(frame).toString('hex'), 'its bytes');
  }
});

encoding('a large size is big-endian', () => {
  assert.equal(
    encodeFrame(1, Buffer.alloc(0x01_02_03)).subarray(0, HEADER_SIZE),
    hex('00010204'),
    'the size',
  );
});

encoding('any Uint8Array is a body, also a part of a larger one', () => {
  const part = new Uint8Array([9, 9, 1, 2, 9]).subarray(2, 4);
  assert.equal(encodeFrame(3, part), hex('00000003 03 0102'), 'only its own bytes');
});

encoding('the frame is a copy: the body may change afterwards', () => {
  const body = Buffer.from('before');
  const frame = encodeFrame(1, body);
  body.write('after!');
  assert.is(frame.toString('utf8', HEADER_SIZE + TYPE_SIZE), 'before', 'the body is a copy');
});

encoding('a type that does not fit in a byte is refused with its value', () => {
  for (const type of [-1, 256, 1.5, Number.NaN]) {
    assert.throws(
      () => encodeFrame(type, Buffer.alloc(0)),
      (error: unknown) => error instanceof RangeError && error.message.includes(String(type)),
      `type ${type}`,
    );
  }
});

encoding.run();

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
