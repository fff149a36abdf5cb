import process from 'node:process';
import { encodeFrame, FrameReader } from '#framing';
import { type Bench, benchOptions, numbers, seconds } from './bench-module.ts';
import { Report } from './report.ts';
import { figure, median, ratio } from './table.ts';

const FRAME_BYTES = 64;
const CHUNK_BYTES = 64 * 1024;
const CHUNKS = 64;
const GOAL = 5_000_000;

/** Rate by the clock and by processor time. */
interface Rate {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

/** Call `work`, which does `units` units, again and again for so long. */
function measure(milliseconds: number, units: number, work: () => void): Rate {
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  let done = 0;
  let elapsed = 0;
  do {
    work();
    done += units;
    elapsed = performance.now() - started;
  } while (elapsed < milliseconds);
  const cpu = process.cpuUsage(cpuBefore);
  return { perSecond: done / (elapsed / 1000), perCpuSecond: done / ((cpu.user + cpu.system) / 1e6) };
}

/** A stream of whole 64-byte frames, cut into chunks of 64 KiB without regard for frames, as a socket would. */
function streamOfFrames(): Buffer[] {
  const frame = encodeFrame(1, Buffer.alloc(FRAME_BYTES - 5, 'x'));
  // One byte in front moves every cut into the middle of a frame: the first frame of the stream is one byte longer.
  const first = encodeFrame(1, Buffer.alloc(FRAME_BYTES - 4, 'x'));
  const frames = Math.ceil((CHUNKS * CHUNK_BYTES) / FRAME_BYTES);
  const stream = Buffer.concat([first, ...Array.from({ length: frames }, () => frame)]);
  return Array.from({ length: CHUNKS }, (_, index) =>
    stream.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  );
}

function frameRates(rounds: number, milliseconds: number) {
  const chunks = streamOfFrames();
  const target = Buffer.alloc(CHUNK_BYTES);
  let frames = 0;
  let bytes = 0;
  const read = () => {
    // A reader for each pass: the stream ends inside a frame.
    const reader = new FrameReader((_type, _bytes, start, end) => {
      frames++;
      bytes += end - start;
    });
    for (const chunk of chunks) reader.push(chunk);
  };
  read();
  const framesPerPass = frames;
  if (bytes < (framesPerPass - 1) * (FRAME_BYTES - 5)) throw new Error('the frames came out too short');
  const copy = () => {
    for (const chunk of chunks) chunk.copy(target);
  };
  measure(milliseconds / 4, framesPerPass, read);
  measure(milliseconds / 4, framesPerPass, copy);
  const reading: Rate[] = [];
  const copying: Rate[] = [];
  for (let round = 0; round < rounds; round++) {
    reading.push(measure(milliseconds, framesPerPass, read));
    copying.push(measure(milliseconds, framesPerPass, copy));
  }
  return { reading: middle(reading), copying: middle(copying) };
}

function middle(rates: readonly Rate[]): Rate {
  return {
    perSecond: median(rates.map(({ perSecond }) => perSecond)),
    perCpuSecond: median(rates.map(({ perCpuSecond }) => perCpuSecond)),
  };
}

/** Nanoseconds for each byte of a frame of `size` bytes that arrives `piece` bytes at a time. */
function nanosecondsPerByte(size: number, piece: number, rounds: number): number {
  const frame = encodeFrame(1, Buffer.alloc(size - 5, 'x'));
  const pieces: Buffer[] = [];
  for (let at = 0; at < frame.length; at += piece) pieces.push(frame.subarray(at, at + piece));
  const once = () => {
    let got = 0;
    const reader = new FrameReader((_type, _bytes, start, end) => {
      got = end - start;
    });
    const started = performance.now();
    for (const each of pieces) reader.push(each);
    const elapsed = performance.now() - started;
    if (got !== size - 5) throw new Error(`a frame of ${size} bytes came out with a body of ${got}`);
    return (elapsed * 1e6) / size;
  };
  // Enough for the compiler to have settled, whatever the size.
  for (let bytes = 0; bytes < 2 * 1024 * 1024; bytes += size) once();
  return median(Array.from({ length: rounds }, once));
}

async function run(args: string[]): Promise<void> {
  const { quick, record, values } = benchOptions(args, ['seconds', 'rounds']);
  const rounds = numbers('rounds', values.rounds ?? (quick ? '1' : '5'))[0] ?? 1;
  const milliseconds = seconds('seconds', values.seconds ?? (quick ? '0.3' : '1')) * 1000;
  const report = new Report('framing', { record });

  report.text(
    `Frames of ${FRAME_BYTES} bytes in chunks of 64 KiB that cut frames anywhere, beside \`Buffer.copy\` of the same chunks; one core.`,
  );
  const { reading, copying } = frameRates(rounds, milliseconds);
  const row = (name: string, { perSecond, perCpuSecond }: Rate) => [
    name,
    figure(perSecond / 1e6),
    figure(perCpuSecond / 1e6),
    figure((perSecond * FRAME_BYTES) / 1e9),
    ratio(perSecond, copying.perSecond),
  ];
  report.table({
    columns: ['', 'million frames/s', 'per second of CPU', 'GB/s', 'to plain copying'],
    rows: [row('FrameReader', reading), row('plain copying', copying)],
  });
  const reached = reading.perSecond >= GOAL ? 'reached' : 'MISSED';
  report.text(`Goal, ${figure(GOAL / 1e6)} million frames a second: ${reached}.`);

  report.text(
    'One large frame, in pieces: nanoseconds for each byte. A cost of O(n) stays level down a column.',
  );
  const sizes = [64 * 1024, 256 * 1024, 1024 * 1024];
  const pieces = [1, 1024, 16 * 1024];
  report.table({
    columns: ['frame', ...pieces.map((piece) => `in pieces of ${piece.toLocaleString('en-US')}`)],
    rows: sizes.map((size) => [
      `${size / 1024} KiB`,
      ...pieces.map((piece) => figure(nanosecondsPerByte(size, piece, quick ? 3 : 9))),
    ]),
  });
  await report.save();
}

export const bench: Bench = {
  name: 'framing',
  summary:
    "frames a second through chapter 1's FrameReader, beside plain copying; cost of a frame in many pieces",
  options: ['--seconds 1   --rounds 5'],
  run,
};
