import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFrame, HEADER_SIZE, TYPE_SIZE } from '#framing';
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
