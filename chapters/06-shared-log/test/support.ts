/** What the specs of this chapter share: records and frames as bytes. */
import * as assert from 'uvu/assert';
import { FrameReader } from '#framing';
import { Cursor, type Segment, SegmentLog, type SegmentMemory } from '#log';
import { NaiveCursor, NaiveLog } from '#log/naive';
import { type BrokerFrame, brokerCodec, clientCodec, type WireRecord } from '#protocol';
import type { Log, LogCursor } from '../examples/log.ts';

/** A text, or a key and a text. */
export type Text = string | readonly [key: string, text: string];

export function wireRecords(texts: readonly Text[]): WireRecord[] {
  return texts.map((each) => {
    const [key, text] = typeof each === 'string' ? ['', each] : each;
    return { key, payload: Buffer.from(text) };
  });
}

/** Records as they lie on the wire. */
export function records(...texts: Text[]): Buffer {
  const frame = clientCodec.encode({ type: 'PUBLISH', request: 0, topic: '', records: wireRecords(texts) });
  return Buffer.from(frame.subarray(4 + 1 + 4 + 1 + 2));
}

interface LogOptions {
  readonly maxFrameSize?: number;
  readonly maxRetainedBytes?: number;
  readonly memory?: SegmentMemory;
}

/** A log of the topic `t`. */
export function makeLog(options: LogOptions = {}): SegmentLog {
  return new SegmentLog({
    topic: 't',
    maxFrameSize: 1_048_576,
    maxRetainedBytes: 64 * 1_048_576,
    ...options,
  });
}

/** A kind of log, and how it is read. */
export interface LogKind {
  readonly name: string;
  make(): { readonly log: Log; read(nextId: number): LogCursor };
}

export const NAIVE: LogKind = {
  name: 'naive log',
  make() {
    const log = new NaiveLog('t');
    return { log, read: (nextId) => new NaiveCursor(log, nextId) };
  },
};

export const SEGMENTS: LogKind = {
  name: 'segment log',
  make() {
    const log = makeLog();
    return { log, read: (nextId) => new Cursor(log, nextId) };
  },
};

/** Says so when these are not the very same thing. To show both, as `assert.is` does, would be to print a megabyte. */
export function isSame(actual: unknown, expected: unknown, message: string): void {
  assert.ok(actual === expected, message);
}

/** Appends texts to a log. Returns the first id. */
export function append(log: Log, now: number, ...texts: Text[]): number {
  const bytes = records(...texts);
  const firstId = log.append(bytes, 0, bytes.length, texts.length, now);
  // As a socket's read buffer, which is used again. By zeros: other bytes would be read as sizes of gigabytes.
  bytes.fill(0);
  return firstId;
}

/** Appends texts in a frame of their own. */
export function appendFrame(log: Log, now: number, ...texts: Text[]): void {
  append(log, now, ...texts);
  log.seal();
}

/** The frames in these bytes, decoded. They must be whole. */
export function decode(bytes: Uint8Array): BrokerFrame[] {
  const frames: BrokerFrame[] = [];
  const reader = new FrameReader(
    (type, chunk, start, end) =>
      frames.push(brokerCodec.decode(type, Buffer.from(chunk.subarray(start, end)))),
    { limit: 0xffff_ffff },
  );
  reader.push(Buffer.from(bytes));
  reader.end();
  return frames;
}

/** One line for each frame: `1-3 a b c` for messages, `skipped 4-7`. */
export function lines(frames: readonly BrokerFrame[]): string[] {
  return frames.map((frame) => {
    if (frame.type === 'SKIPPED') return `skipped ${frame.fromId}-${frame.toId}`;
    if (frame.type !== 'MESSAGES') return frame.type;
    const last = frame.firstId + frame.records.length - 1;
    const texts = frame.records.map(({ payload }) => Buffer.from(payload).toString());
    return [`${frame.firstId}-${last}`, ...texts].join(' ');
  });
}

/** The segments that a log keeps, the oldest first. */
export function segments(log: SegmentLog): Segment[] {
  const all = [log.head];
  for (let next = log.head.next; next !== undefined; next = next.next) all.push(next);
  return all;
}

/** Everything that is sealed and kept, in lines. */
export function sealed(log: SegmentLog): string[] {
  return segments(log).flatMap((segment) => lines(decode(segment.bytes.subarray(0, segment.sealed))));
}

/** Fills a log with frames of one record of so many bytes, and seals each. */
export function fill(log: SegmentLog, from: number, to: number, size: number): void {
  for (let time = from; time <= to; time++) appendFrame(log, time, `${time}`.padEnd(size, '.'));
}

/** More reads in a row than any test needs: a cursor that does not move would be read for ever. */
const MOST_READS = 100_000;

/** All that a cursor can read now, in lines. */
export function readAll(cursor: LogCursor, limit?: number): string[] {
  const found: string[] = [];
  for (let i = 0; i < MOST_READS; i++) {
    const bytes = cursor.read(limit);
    if (bytes === undefined) return found;
    found.push(...lines(decode(bytes)));
  }
  throw new Error(`read() never says that there is no more; nextId is ${cursor.nextId}`);
}

/** The messages of some lines one by one, as `id text`. */
export function messages(found: readonly string[]): string[] {
  return found.flatMap((line) => {
    const [range = '', ...texts] = line.split(' ');
    return texts.map((text, i) => `${Number.parseInt(range, 10) + i} ${text}`);
  });
}
