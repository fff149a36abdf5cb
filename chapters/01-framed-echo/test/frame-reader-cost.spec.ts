import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameReader, HEADER_SIZE } from '#framing';
import { countBytes } from './count-bytes.ts';
import { cutAt, frameBytes, refusal } from './frames.ts';
import { hex } from './raw-socket.ts';

const MIB = 1_048_576;

const cost = suite('frame reader: what it costs');

cost('a frame of 1 MiB byte by byte is copied about once, not once for each byte', () => {
  const stream = frameBytes(1, Buffer.alloc(MIB - 1, 5));
  const pieces = Array.from({ length: stream.length }, (_, at) => stream.subarray(at, at + 1));
  let got = 0;
  const reader = new FrameReader((_type, _bytes, start, end) => {
    got += end - start;
  });
  const { copied, allocated } = countBytes(() => {
    for (const piece of pieces) reader.push(piece);
  });
  assert.is(got, MIB - 1, 'the length of the body');
  // Doubling buffers would pass too; a concatenation for each piece copies 500,000 times as much.
  assert.ok(copied <= 4 * MIB, `${copied} bytes were copied`);
  assert.ok(allocated <= 4 * MIB, `${allocated} bytes were allocated`);
});

cost('of a chunk with many frames only the one that is cut is copied', () => {
  const frame = frameBytes(1, Buffer.alloc(59));
  const chunk = Buffer.concat([frame, frame, frame, frame.subarray(0, 32)]);
  const reader = new FrameReader(() => {});
  const { copied } = countBytes(() => {
    reader.push(chunk);
    reader.push(frame.subarray(32));
  });
  assert.ok(copied <= frame.length, `${copied} bytes were copied`);
});

cost('a size above the limit costs no memory, wherever its bytes are cut', () => {
  // 64 MiB, which every machine would give, 2 GiB and 4 GiB.
  for (const size of ['04000000', '7fffffff', 'ffffffff']) {
    for (let cut = 0; cut < HEADER_SIZE; cut++) {
      const reader = new FrameReader(() => {});
      const [first, last] = cutAt(hex(size), cut) as [Buffer, Buffer];
      reader.push(first);
      const before = process.memoryUsage().arrayBuffers;
      const { allocated } = countBytes(() => {
        assert.is(refusal(() => reader.push(last)).code, 'TOO_LARGE', `size ${size} cut after ${cut}`);
      });
      const grown = process.memoryUsage().arrayBuffers - before;
      assert.ok(allocated < 1_000, `${allocated} bytes were allocated, size ${size} cut after ${cut}`);
      assert.ok(grown < MIB, `memory grew by ${grown} bytes, size ${size} cut after ${cut}`);
    }
  }
});

cost('promises of 1 MiB by 500 readers do not fill memory', () => {
  const header = hex('00100000 01');
  const readers = Array.from({ length: 500 }, () => new FrameReader(() => {}));
  const before = process.memoryUsage.rss();
  for (const reader of readers) reader.push(header);
  const grown = process.memoryUsage.rss() - before;
  assert.ok(
    readers.every((reader) => reader.midFrame),
    'all wait for their frame',
  );
  // Zeroed or otherwise touched, the 500 promises would take 500 MiB.
  assert.ok(grown < 100 * MIB, `resident memory grew by ${Math.round(grown / MIB)} MiB`);
});

cost.run();
