import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameError, FrameReader, HEADER_SIZE } from '#framing';
import { type Copied, collect, cutAt, frameBytes, refusal } from './frames.ts';
import { hex } from './raw-socket.ts';

/** A stream as bytes, and the frames that are in it. Written by hand: no code of the chapter made them. */
interface Fixture {
  readonly name: string;
  readonly stream: Buffer;
  readonly frames: readonly string[];
}

const FIXTURES: readonly Fixture[] = [
  { name: 'nothing', stream: hex(''), frames: [] },
  { name: 'the smallest frame: a type and no body', stream: hex('00000001 07'), frames: ['7:'] },
  { name: 'a body', stream: hex('00000003 01 6869'), frames: ['1:6869'] },
  { name: 'type 0', stream: hex('00000002 00 ff'), frames: ['0:ff'] },
  { name: 'type 255', stream: hex('00000002 ff 00'), frames: ['255:00'] },
  {
    name: 'a body that looks like a header',
    stream: hex('00000005 01 00000001 00000002 02 05'),
    frames: ['1:00000001', '2:05'],
  },
  {
    name: 'three frames',
    stream: hex('00000001 01 00000002 02 aa 00000004 03 bbccdd'),
    frames: ['1:', '2:aa', '3:bbccdd'],
  },
  {
    name: 'a size that needs its second byte from the right',
    stream: Buffer.concat([hex('00000101 09'), Buffer.alloc(256, 0xab), hex('00000001 0a')]),
    frames: [`9:${'ab'.repeat(256)}`, '10:'],
  },
];

const whole = suite('frame reader: any cut of the stream');

for (const { name, stream, frames } of FIXTURES) {
  whole(`${name}, in one piece`, () => {
    assert.equal(collect([stream]), frames, 'the frames');
  });

  whole(`${name}, byte by byte`, () => {
    assert.equal(collect(Array.from(stream, (byte) => Buffer.of(byte))), frames, 'the frames');
  });

  whole(`${name}, cut at every place`, () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      assert.equal(collect(cutAt(stream, cut)), frames, `cut after ${cut} bytes`);
    }
  });

  whole(`${name}, cut at every two places`, () => {
    if (stream.length > 64) return;
    for (let one = 0; one <= stream.length; one++) {
      for (let other = one; other <= stream.length; other++) {
        assert.equal(collect(cutAt(stream, one, other)), frames, `cut after ${one} and ${other} bytes`);
      }
    }
  });

  whole(`${name}, with the end right after`, () => {
    const reader = new FrameReader(() => {});
    reader.push(stream);
    assert.is(reader.midFrame, false, 'it is between two frames');
    reader.end();
  });
}

whole('sizes that need each of their bytes are big-endian', () => {
  for (const size of [1, 255, 256, 65_535, 65_536, 1_048_576]) {
    const stream = Buffer.concat([frameBytes(1, Buffer.alloc(size - 1)), hex('00000001 02')]);
    for (const chunks of [[stream], cutAt(stream, 1, 3), cutAt(stream, stream.length - 1)]) {
      const got: Copied[] = [];
      const reader = new FrameReader((type, _bytes, start, end) => got.push({ type, length: end - start }));
      for (const chunk of chunks) reader.push(chunk);
      assert.equal(
        got,
        [
          { type: 1, length: size - 1 },
          { type: 2, length: 0 },
        ],
        `size ${size}`,
      );
    }
  }
});

whole('a frame is handed out as soon as its last byte is here', () => {
  const got: number[] = [];
  const reader = new FrameReader((type) => got.push(type));
  reader.push(hex('00000002 01'));
  assert.equal(got, [], 'a byte is missing');
  reader.push(hex('aa'));
  assert.equal(got, [1], 'the first is complete');
  reader.push(hex('00000001 02 00'));
  assert.equal(got, [1, 2], 'the second is complete');
});

whole('two readers keep their pieces apart', () => {
  const got: string[] = [];
  const one = new FrameReader((_type, bytes, start, end) => got.push(bytes.toString('utf8', start, end)));
  const other = new FrameReader((_type, bytes, start, end) => got.push(bytes.toString('utf8', start, end)));
  one.push(hex('00000003 01 61'));
  other.push(hex('00000003 01 63'));
  one.push(hex('62'));
  other.push(hex('64'));
  assert.equal(got, ['ab', 'cd'], 'each has its own bytes');
});

whole.run();

const sizes = suite('frame reader: sizes');

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

sizes('the limit itself is accepted, one more is not', () => {
  const fits = frameBytes(1, Buffer.alloc(15, 7));
  assert.equal(collect([fits], 16), [`1:${'07'.repeat(15)}`], 'in one piece');
  assert.equal(collect(cutAt(fits, 2), 16), [`1:${'07'.repeat(15)}`], 'cut in its size');
  const reader = new FrameReader(() => {}, { limit: 16 });
  assert.is(refusal(() => reader.push(frameBytes(1, Buffer.alloc(16)))).code, 'TOO_LARGE', 'one more');
});

sizes('without an option the limit is 1 MiB', () => {
  assert.is(new FrameReader(() => {}).limit, 1_048_576, 'the limit');
  new FrameReader(() => {}).push(hex('00100000'));
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

sizes('a limit that changes midway holds from the next size on', () => {
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
  // A frame whose size was accepted is finished, also under a smaller limit; the next one is refused.
  reader.push(frameBytes(3, Buffer.alloc(63)).subarray(0, 10));
  reader.limit = 4;
  reader.push(frameBytes(3, Buffer.alloc(63)).subarray(10));
  assert.equal(got, [1, 2, 3], 'the third frame too');
  assert.is(refusal(() => reader.push(hex('00000005'))).code, 'TOO_LARGE', 'the smaller limit holds');
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

sizes.run();

const ends = suite('frame reader: ends and failures');

ends('an end anywhere inside a frame is TRUNCATED', () => {
  const frame = hex('00000003 01 6869');
  for (let cut = 1; cut < frame.length; cut++) {
    for (const chunks of [
      [frame.subarray(0, cut)],
      Array.from(frame.subarray(0, cut), (byte) => Buffer.of(byte)),
    ]) {
      const reader = new FrameReader(() => {});
      for (const chunk of chunks) reader.push(chunk);
      assert.is(reader.midFrame, true, `midFrame after ${cut} bytes`);
      assert.is(refusal(() => reader.end()).code, 'TRUNCATED', `after ${cut} bytes`);
    }
  }
});

ends('an end between frames, or before the first, is fine', () => {
  new FrameReader(() => {}).end();
  const reader = new FrameReader(() => {});
  for (const byte of hex('00000001 01')) reader.push(Buffer.of(byte));
  reader.end();
});

ends('a reader that failed stays failed', () => {
  const reader = new FrameReader(() => assert.unreachable('no frame after a failure'));
  const first = refusal(() => reader.push(hex('00000000')));
  assert.is(
    refusal(() => reader.push(hex('00000001 01'))),
    first,
    'the next push',
  );
  assert.is(
    refusal(() => reader.end()),
    first,
    'the end',
  );
});

ends('what the handler throws comes out of push, as it is, and the reader stays failed', () => {
  for (const chunks of [[hex('00000001 01 00000001 02')], cutAt(hex('00000001 01'), 4)]) {
    const oops = new Error('oops');
    const reader = new FrameReader(() => {
      throw oops;
    });
    const push = () => {
      for (const chunk of chunks) reader.push(chunk);
    };
    assert.throws(push, (error: unknown) => error === oops, 'the error of the handler');
    assert.throws(
      () => reader.push(hex('00000001 03')),
      (error: unknown) => error === oops,
      'the next push',
    );
  }
});

ends('a frame that is handed out is over: the handler sees the reader between two frames', () => {
  const frame = hex('00000003 01 6869');
  for (let cut = 1; cut < frame.length; cut++) {
    const seen: boolean[] = [];
    const reader = new FrameReader(() => {
      seen.push(reader.midFrame);
      // A handler may learn here that the stream has ended, and say so.
      reader.end();
    });
    for (const chunk of cutAt(frame, cut)) reader.push(chunk);
    assert.equal(seen, [false], `midFrame in the handler, cut after ${cut}`);
  }
});

ends('a handler that throws leaves the reader between two frames', () => {
  const frame = hex('00000003 01 6869');
  for (let cut = 0; cut < frame.length; cut++) {
    const oops = new Error('oops');
    const reader = new FrameReader(() => {
      throw oops;
    });
    const [first, last] = cutAt(frame, cut) as [Buffer, Buffer];
    reader.push(first);
    assert.throws(
      () => reader.push(last),
      (error: unknown) => error === oops,
      `cut after ${cut}`,
    );
    assert.is(reader.midFrame, false, `midFrame after the failure, cut after ${cut}`);
  }
});

ends('an error tells people what is wrong', () => {
  const error = refusal(() => new FrameReader(() => {}, { limit: 9 }).push(hex('0000000a')));
  assert.instance(error, FrameError, 'its class');
  assert.is(error.name, 'FrameError', 'its name');
  assert.match(error.message, '10', 'the size');
  assert.match(error.message, '9', 'the limit');
});

ends.run();
