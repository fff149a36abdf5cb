/**
 * What the two logs cost, in processor time:
 *
 * node --import tsx chapters/06-shared-log/examples/compare-logs.ts node --import tsx
 * my/06-shared-log/examples/compare-logs.ts        your own
 *
 * Without sockets: each turn brings 16 messages of 64 bytes, is sealed, and every
 * reader takes what there is.
 */
import process from 'node:process';
import { Cursor } from '../log/cursor.ts';
import { SegmentLog } from '../log/segment-log.ts';
import type { Log, LogCursor } from './log.ts';
import { NaiveCursor, NaiveLog } from './naive-log.ts';

const TURN = 16;
/** A record on the wire: size of the key, size of the payload, payload. */
const RECORD = Buffer.concat([Buffer.from('000000000040', 'hex'), Buffer.alloc(64, 'x')]);

type Make = () => { readonly log: Log; read(nextId: number): LogCursor };

const LOGS: readonly Make[] = [
  () => {
    const log = new NaiveLog('t');
    return { log, read: (nextId) => new NaiveCursor(log, nextId) };
  },
  () => {
    const log = new SegmentLog({ topic: 't', maxFrameSize: 1_048_576, maxRetainedBytes: 67_108_864 });
    return { log, read: (nextId) => new Cursor(log, nextId) };
  },
];

function turn(log: Log, now: number): void {
  for (let i = 0; i < TURN; i++) log.append(RECORD, 0, RECORD.length, 1, now);
  log.seal();
}

/** Takes all there is. */
function readAll(cursor: LogCursor): void {
  while (cursor.read() !== undefined);
}

/** Nanoseconds of processor time that `run` takes. */
function measure(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1_000;
}

/** Nanoseconds a message, published once and taken by so many readers that keep up. */
function fanOut(make: Make, readers: number, turns: number): number {
  const { log, read } = make();
  const cursors = Array.from({ length: readers }, () => read(1));
  const run = (from: number, to: number) => {
    for (let now = from; now < to; now++) {
      turn(log, now);
      for (const cursor of cursors) readAll(cursor);
      log.expire(now - 10);
    }
  };
  run(0, Math.ceil(turns / 10));
  return measure(() => run(turns, 2 * turns)) / (turns * TURN);
}

/** Nanoseconds a frame, for one reader that comes for so many that are retained. */
function catchUp(make: Make, frames: number): number {
  const { log, read } = make();
  for (let now = 0; now < frames; now++) turn(log, now);
  // Two at a time, as a window would have it: a place must be found again and again.
  const cursor = read(1);
  return (
    measure(() => {
      while (cursor.read(2 * TURN) !== undefined);
    }) / frames
  );
}

function row(title: string, run: (make: Make) => number): void {
  const cells = LOGS.map((make) => {
    try {
      return Math.round(run(make)).toLocaleString('en');
    } catch (error) {
      if (error instanceof Error && error.message.includes('not written')) return 'not written';
      throw error;
    }
  });
  console.log(`${title.padEnd(38)}${cells.map((cell) => cell.padStart(14)).join('')}`);
}

const QUICK = process.argv.includes('--quick') ? 20 : 1;
console.log(`${''.padEnd(38)}${'naive'.padStart(14)}${'segments'.padStart(14)}`);
for (const readers of [1, 10, 100, 1_000]) {
  const turns = Math.ceil(Math.min(10_000, 300_000 / readers) / QUICK);
  row(`ns a message, to ${readers.toLocaleString('en')} readers`, (make) => fanOut(make, readers, turns));
}
for (const frames of [1_000, 2_000, 4_000, 8_000]) {
  const count = Math.ceil(frames / QUICK);
  row(`ns a frame, ${count.toLocaleString('en')} frames behind`, (make) => catchUp(make, count));
}
