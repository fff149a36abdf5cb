import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameError, FrameReader } from '#framing';
import { countBytes } from './count-bytes.ts';
import { type Copied, collect, FIXTURES, frameBytes, refusal } from './frames.ts';
import { hex } from './raw-socket.ts';

const whole = suite('frame reader: frames that lie whole in a chunk');

for (const { name, stream, frames } of FIXTURES) {
  whole(`${name}, in one piece`, () => {
    assert.equal(collect([stream]), frames, 'the frames');
  });
}

whole('one frame for each chunk', () => {
  assert.equal(
    collect([hex('00000002 01 aa'), hex('00000001 02'), hex(''), hex('00000002 03 bb')]),
    ['1:aa', '2:', '3:bb'],
    'the frames',
  );
});

whole('between two frames the reader is not in one', () => {
  const seen: boolean[] = [];
  const reader = new FrameReader(() => seen.push(reader.midFrame));
  assert.is(reader.midFrame, false, 'before the first');
  reader.push(hex('00000001 01 00000001 02'));
  assert.equal([...seen, reader.midFrame], [false, false, false], 'in the handler, and after the last');
});

whole('sizes that need each of their bytes are big-endian', () => {
  for (const size of [1, 255, 256, 65_535, 65_536, 1_048_576]) {
    const got: Copied[] = [];
    const reader = new FrameReader((type, _bytes, start, end) => got.push({ type, length: end - start }));
    reader.push(Buffer.concat([frameBytes(1, Buffer.alloc(size - 1)), hex('00000001 02')]));
    const expected: Copied[] = [
      { type: 1, length: size - 1 },
      { type: 2, length: 0 },
    ];
    assert.equal(got, expected, `size ${size}`);
  }
});

whole('frames that lie whole in a chunk are lent where they lie: nothing is copied', () => {
  const chunk = Buffer.concat(
    Array.from({ length: 1_000 }, (_, type) => frameBytes(type % 256, Buffer.alloc(59))),
  );
  let frames = 0;
  let elsewhere = 0;
  const reader = new FrameReader((_type, bytes) => {
    frames++;
    if (bytes.buffer !== chunk.buffer) elsewhere++;
  });
  const { copied, allocated } = countBytes(() => reader.push(chunk));
  assert.equal([frames, elsewhere, copied, allocated], [1_000, 0, 0, 0], 'frames, bytes copied, allocated');
});

whole.run();

const sizes = suite('frame reader: sizes');

sizes('size 0 is refused', () => {
  const reader = new FrameReader(() => assert.unreachable('no frame here'));
  assert.is(refusal(() => reader.push(hex('00000000'))).code, 'BAD_FRAME', 'its code');
});

sizes(
  'a size above the limit is refused as soon as its four bytes are here, before anything is allocated',
  () => {
    for (const size of ['00000011', '00000100', '80000000', 'ffffffff']) {
      const reader = new FrameReader(() => assert.unreachable('no frame here'), { limit: 16 });
      const { allocated } = countBytes(() => {
        assert.is(refusal(() => reader.push(hex(size))).code, 'TOO_LARGE', `size ${size}`);
      });
      assert.ok(allocated < 1_000, `${allocated} bytes were allocated for a refused size ${size}`);
    }
  },
);

sizes('the limit itself is accepted, one more is not', () => {
  const fits = frameBytes(1, Buffer.alloc(15, 7));
  const got = collect([fits], (onFrame) => new FrameReader(onFrame, { limit: 16 }));
  assert.equal(got, [`1:${'07'.repeat(15)}`], 'the limit itself');
  const reader = new FrameReader(() => {}, { limit: 16 });
  assert.is(refusal(() => reader.push(frameBytes(1, Buffer.alloc(16)))).code, 'TOO_LARGE', 'one more');
});

sizes('without an option the limit is 1 MiB', () => {
  assert.is(new FrameReader(() => {}).limit, 1_048_576, 'the limit');
  assert.is(
    refusal(() => new FrameReader(() => {}).push(hex('00100001'))).code,
    'TOO_LARGE',
    'one more than the limit',
  );
});

sizes('good frames before a bad size are handed out', () => {
  const got: number[] = [];
  const reader = new FrameReader((type) => got.push(type));
  assert.is(
    refusal(() => reader.push(hex('00000001 01 00000001 02 00000000'))).code,
    'BAD_FRAME',
    'the bad size',
  );
  assert.equal(got, [1, 2], 'the frames before it');
});

sizes('a limit that the handler changes holds from the next size on', () => {
  const got: number[] = [];
  const reader = new FrameReader(
    (type) => {
      got.push(type);
      if (type === 1) reader.limit = 64;
    },
    { limit: 4 },
  );
  // The frame of 64 comes in the same chunk as the one whose handler allows it.
  reader.push(Buffer.concat([hex('00000001 01'), frameBytes(2, Buffer.alloc(63))]));
  assert.equal(got, [1, 2], 'both frames');
});

sizes('a limit that is not a size is refused with its value', () => {
  for (const limit of [0, -1, 1.5, Number.NaN, 0x1_0000_0000]) {
    assert.throws(
      () => new FrameReader(() => {}, { limit }),
      (error: unknown) => error instanceof RangeError && error.message.includes(String(limit)),
      `as an option: ${limit}`,
    );
    const reader = new FrameReader(() => {});
    assert.throws(
      () => {
        reader.limit = limit;
      },
      RangeError,
      `set later: ${limit}`,
    );
  }
});

sizes('a refusal tells people what is wrong', () => {
  const error = refusal(() => new FrameReader(() => {}, { limit: 9 }).push(hex('0000000a')));
  assert.instance(error, FrameError, 'its class');
  assert.is(error.name, 'FrameError', 'its name');
  assert.match(error.message, '10', 'the size');
  assert.match(error.message, '9', 'the limit');
});

sizes.run();

const failures = suite('frame reader: failures');

failures('a reader that failed stays failed', () => {
  const reader = new FrameReader(() => assert.unreachable('no frame after a failure'));
  const first = refusal(() => reader.push(hex('00000000')));
  assert.is(
    refusal(() => reader.push(hex('00000001 01'))),
    first,
    'the next push throws the same',
  );
});

failures('what the handler throws comes out of push, as it is, and the reader stays failed', () => {
  const oops = new Error('oops');
  let calls = 0;
  const reader = new FrameReader(() => {
    calls += 1;
    throw oops;
  });
  for (const frame of ['00000001 01 00000001 02', '00000001 03']) {
    assert.throws(
      () => reader.push(hex(frame)),
      (error: unknown) => error === oops,
      `the error of the handler, for ${frame}`,
    );
  }
  assert.is(calls, 1, 'the handler is called once');
});

failures('a handler may throw nothing at all: the reader stays failed', () => {
  const reader = new FrameReader(() => {
    throw undefined;
  });
  for (const frame of ['00000001 01', '00000001 02']) {
    let threw = false;
    try {
      reader.push(hex(frame));
    } catch {
      threw = true;
    }
    assert.is(threw, true, `push throws, for ${frame}`);
  }
});

failures.run();
