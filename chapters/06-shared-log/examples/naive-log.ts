import { MessageFrames, recordsEnd } from '../log/message-frame.ts';
import type { Log, LogCursor } from './log.ts';

export type { Log, LogCursor };

// step 6.2: a log that is a list of frames

/**
 * The log as a list of frames, and nothing else. Whoever looks for a place looks at all
 * of them, and each reader gets a copy of its own. A frame holds what was appended
 * before it was sealed, however large that is.
 */
// #region log
export class NaiveLog implements Log {
  readonly frames: MessageFrames;
  sealed: { readonly time: number; readonly bytes: Buffer }[] = [];
  lastId = 0;
  sealedId = 0;
  #open: Buffer[] = [];
  #openedAt = 0;

  constructor(topic: string) {
    this.frames = new MessageFrames(topic);
  }

  get firstId(): number {
    const [first] = this.sealed;
    return first === undefined ? this.sealedId + 1 : this.frames.firstId(first.bytes, 0);
  }

  append(source: Buffer, from: number, to: number, count: number, now: number): number {
    if (this.#open.length === 0) this.#openedAt = now;
    this.#open.push(Buffer.from(source.subarray(from, to)));
    this.lastId += count;
    return this.lastId - count + 1;
  }

  seal(): void {
    if (this.#open.length === 0) return;
    const records = Buffer.concat(this.#open.splice(0));
    const count = this.lastId - this.sealedId;
    const bytes = this.frames.cut(records, 0, records.length, this.sealedId + 1, count);
    this.sealed.push({ time: this.#openedAt, bytes });
    this.sealedId = this.lastId;
  }

  expire(oldest: number): void {
    this.sealed = this.sealed.filter(({ time }) => time > oldest);
  }
}
// #endregion log

/** A reader's place in a {@link NaiveLog}: nothing but an id. */
// #region cursor
export class NaiveCursor implements LogCursor {
  nextId: number;
  readonly #log: NaiveLog;

  constructor(log: NaiveLog, nextId: number) {
    this.#log = log;
    this.nextId = nextId;
  }

  read(limit: number = Number.MAX_SAFE_INTEGER): Buffer | undefined {
    const { frames, sealed, firstId } = this.#log;
    const id = Math.max(this.nextId, firstId);
    this.nextId = id;
    const bytes = sealed.find((each) => frames.lastId(each.bytes, 0) >= id)?.bytes;
    if (bytes === undefined) return undefined;
    const count = Math.min(limit, frames.lastId(bytes, 0) - id + 1);
    const from = recordsEnd(bytes, frames.headerSize, id - frames.firstId(bytes, 0));
    this.nextId = id + count;
    return frames.cut(bytes, from, recordsEnd(bytes, from, count), id, count);
  }

  moveTo(nextId: number): void {
    this.nextId = nextId;
  }
}
// #endregion cursor
