/**
 * What one frame costs that comes in single bytes, with each of the two readers:
 *
 *     node --import tsx chapters/01-framed-echo/examples/cost.ts
 *     node --import tsx --conditions=my-01 chapters/01-framed-echo/examples/cost.ts     (your own)
 */
import { encodeFrame, FrameReader, NaiveReader } from '#framing';

const KIB = 1_024;

/** Milliseconds that a reader takes for a frame in single bytes. */
function timeOf(reader: { push(chunk: Buffer): void }, frame: Buffer): number {
  const began = performance.now();
  for (let at = 0; at < frame.length; at++) reader.push(frame.subarray(at, at + 1));
  return performance.now() - began;
}

for (const size of [32 * KIB, 64 * KIB, 128 * KIB]) {
  const frame = encodeFrame(1, Buffer.alloc(size - 1));
  const naive = timeOf(new NaiveReader(() => {}), frame);
  const real = timeOf(new FrameReader(() => {}), frame);
  const row = [
    `${size / KIB} KiB`,
    `NaiveReader ${naive.toFixed(0)} ms`,
    `FrameReader ${real.toFixed(1)} ms`,
  ];
  console.log(row.map((cell) => cell.padEnd(22)).join(''));
}
