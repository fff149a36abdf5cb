import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameReader, HEADER_SIZE } from '#framing';
import { type Copied, collect, cutAt, FIXTURES, frameBytes, refusal } from './frames.ts';
import { hex } from './raw-socket.ts';

const cuts = suite('frame reader: any cut of the stream');

for (const { name, stream, frames } of FIXTURES) {
  cuts(`${name}, byte by byte`, () => {
    assert.equal(collect(Array.from(stream, (byte) => Buffer.of(byte))), frames, 'the frames');
  });

  cuts(`${name}, cut at every place`, () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      assert.equal(collect(cutAt(stream, cut)), frames, `cut after ${cut} bytes`);
    }
  });

  cuts(`${name}, cut at every two places`, () => {
    if (stream.length > 64) return;
    for (let one = 0; one <= stream.length; one++) {
      for (let other = one; other <= stream.length; other++) {
        assert.equal(collect(cutAt(stream, one, other)), frames, `cut after ${one} and ${other} bytes`);
      }
    }
  });

  cuts(`${name}, the last byte alone: then the reader is between two frames`, () => {
    const reader = new FrameReader(() => {});
    for (const chunk of cutAt(stream, Math.max(stream.length - 1, 0))) reader.push(chunk);
    assert.is(reader.midFrame, false, 'midFrame');
    assert.is(reader.heldBytes, 0, 'heldBytes');
  });
}

cuts('sizes that need each of their bytes are big-endian', () => {
  for (const size of [1, 255, 256, 65_535, 65_536, 1_048_576]) {
    const stream = Buffer.concat([frameBytes(1, Buffer.alloc(size - 1)), hex('00000001 02')]);
    for (const chunks of [cutAt(stream, 1, 3), cutAt(stream, stream.length - 1)]) {
      const got: Copied[] = [];
      const reader = new FrameReader((type, _bytes, start, end) => got.push({ type, length: end - start }));
      for (const chunk of chunks) reader.push(chunk);
      const expected: Copied[] = [
        { type: 1, length: size - 1 },
        { type: 2, length: 0 },
      ];
      assert.equal(got, expected, `size ${size}`);
    }
  }
});

cuts('a frame is handed out as soon as its last byte is here', () => {
  const got: number[] = [];
  const reader = new FrameReader((type) => got.push(type));
  reader.push(hex('00000002 01'));
  assert.equal(got, [], 'a byte is missing');
  assert.is(reader.midFrame, true, 'midFrame while a byte is missing');
  reader.push(hex('aa'));
  assert.equal(got, [1], 'the first is complete');
  reader.push(hex('00000001 02 00'));
  assert.equal(got, [1, 2], 'the second is complete');
});

cuts('the bytes held are the whole size of the frame, from when that is known', () => {
  const reader = new FrameReader(() => {});
  const seen = [...hex('00000003 01 6869')].map((byte) => {
    reader.push(Buffer.of(byte));
    return reader.heldBytes;
  });
  assert.equal(seen, [0, 0, 0, 3, 3, 3, 0], 'after each byte of the frame');
});

cuts('two readers keep their pieces apart', () => {
  const got: string[] = [];
  const one = new FrameReader((_type, bytes, start, end) => got.push(bytes.toString('utf8', start, end)));
  const other = new FrameReader((_type, bytes, start, end) => got.push(bytes.toString('utf8', start, end)));
  one.push(hex('00000003 01 61'));
  other.push(hex('00000003 01 63'));
  one.push(hex('62'));
  other.push(hex('64'));
  assert.equal(got, ['ab', 'cd'], 'each has its own bytes');
});

cuts.run();

const sizes = suite('frame reader: sizes that are cut');

sizes('size 0 is refused as soon as its four bytes are known', () => {
  for (let cut = 0; cut < HEADER_SIZE; cut++) {
    const reader = new FrameReader(() => assert.unreachable('no frame here'));
    const [first, last] = cutAt(hex('00000000'), cut) as [Buffer, Buffer];
    reader.push(first);
    assert.is(refusal(() => reader.push(last)).code, 'BAD_FRAME', `cut after ${cut}`);
  }
});

sizes('a size above the limit is refused as soon as its four bytes are known', () => {
  for (const size of ['00000011', '00000100', '80000000', 'ffffffff']) {
    for (let cut = 0; cut < HEADER_SIZE; cut++) {
      const reader = new FrameReader(() => assert.unreachable('no frame here'), { limit: 16 });
      const [first, last] = cutAt(hex(size), cut) as [Buffer, Buffer];
      reader.push(first);
      assert.is(refusal(() => reader.push(last)).code, 'TOO_LARGE', `size ${size} cut after ${cut}`);
    }
  }
});

sizes('the limit itself is accepted', () => {
  const fits = frameBytes(1, Buffer.alloc(15, 7));
  const got = collect(cutAt(fits, 2), (onFrame) => new FrameReader(onFrame, { limit: 16 }));
  assert.equal(got, [`1:${'07'.repeat(15)}`], 'cut in its size');
});

sizes('a frame whose size was accepted is finished, also under a smaller limit', () => {
  const got: number[] = [];
  const reader = new FrameReader((type) => got.push(type), { limit: 64 });
  const [first, last] = cutAt(frameBytes(3, Buffer.alloc(63)), 10) as [Buffer, Buffer];
  reader.push(first);
  reader.limit = 4;
  reader.push(last);
  assert.equal(got, [3], 'the frame');
  assert.is(refusal(() => reader.push(hex('00000005'))).code, 'TOO_LARGE', 'the smaller limit holds');
});

sizes.run();

const order = suite('frame reader: what is cleared before the handler is called');

order('the handler of a frame that was cut sees the reader between two frames', () => {
  const frame = hex('00000003 01 6869');
  for (let cut = 1; cut < frame.length; cut++) {
    const seen: [boolean, number][] = [];
    const reader = new FrameReader(() => seen.push([reader.midFrame, reader.heldBytes]));
    for (const chunk of cutAt(frame, cut)) reader.push(chunk);
    assert.equal(seen, [[false, 0]], `midFrame and heldBytes in the handler, cut after ${cut}`);
  }
});

order('a handler that throws leaves the reader between two frames', () => {
  const frame = hex('00000003 01 6869');
  for (let cut = 1; cut < frame.length; cut++) {
    const oops = new Error('oops');
    const reader = new FrameReader(() => {
      throw oops;
    });
    const [first, last] = cutAt(frame, cut) as [Buffer, Buffer];
    reader.push(first);
    assert.throws(
      () => reader.push(last),
      (error: unknown) => error === oops,
      `what is thrown, cut after ${cut}`,
    );
    assert.is(reader.midFrame, false, `midFrame after the failure, cut after ${cut}`);
    assert.throws(
      () => reader.push(frame),
      (error: unknown) => error === oops,
      `the next push, cut after ${cut}`,
    );
  }
});

order.run();
