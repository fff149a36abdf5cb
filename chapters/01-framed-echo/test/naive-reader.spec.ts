import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NaiveReader } from '#framing';
import { collect, cutAt, FIXTURES, refusal } from './frames.ts';
import { hex } from './raw-socket.ts';

const naive = suite('naive reader');
const read = (chunks: readonly Buffer[]) => collect(chunks, (onFrame) => new NaiveReader(onFrame));

for (const { name, stream, frames } of FIXTURES) {
  naive(`${name}, in one piece`, () => {
    assert.equal(read([stream]), frames, 'the frames');
  });

  naive(`${name}, byte by byte`, () => {
    assert.equal(read(Array.from(stream, (byte) => Buffer.of(byte))), frames, 'the frames');
  });

  naive(`${name}, cut at every place`, () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      assert.equal(read(cutAt(stream, cut)), frames, `cut after ${cut} bytes`);
    }
  });
}

naive('a bad size is refused as soon as its four bytes are here, behind the good frames', () => {
  for (const [size, code] of [
    ['00000000', 'BAD_FRAME'],
    ['00100001', 'TOO_LARGE'],
    ['ffffffff', 'TOO_LARGE'],
  ] as const) {
    const got: number[] = [];
    const reader = new NaiveReader((type) => got.push(type));
    reader.push(hex(`00000001 01 00000001 02 ${size.slice(0, 6)}`));
    assert.is(refusal(() => reader.push(hex(size.slice(6)))).code, code, `size ${size}`);
    assert.equal(got, [1, 2], 'the frames before it');
  }
});

naive.run();
