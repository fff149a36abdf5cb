import { RECORD_HEADER_SIZE, Start } from '#protocol/old';
import { DedupeWindow } from '#topics';
import { notGivenOut } from './broker-errors.ts';
import type { LogLimits } from './limits.ts';
import { recordEnd } from './message-frame.ts';
import { SlowReaders } from './slow-readers.ts';
import type { TopicReader } from './subscription.ts';
import { TopicLog } from './topic-log.ts';
import type { Turn } from './turn.ts';

/** How long a topic keeps messages, and how long it remembers keys; both in milliseconds, 0 for not at all. */
export interface TopicSettings {
  readonly retentionMs: number;
  readonly dedupeMs: number;
}

/** What all topics of a broker share. */
export interface TopicHome {
  readonly limits: LogLimits;
  readonly turn: Turn;
}

/** A topic: its log, its settings, and those who read it. */
export class Topic {
  readonly name: string;
  readonly nameBytes: Buffer;
  readonly log: TopicLog;
  /** Those that lag, and what is done about it. */
  readonly slow: SlowReaders;
  /** True once its table has forgotten it: there may be another of its name. */
  forgotten = false;

  readonly #home: TopicHome;
  #settings: TopicSettings = { retentionMs: 0, dedupeMs: 0 };
  #created = false;
  #keys: DedupeWindow | undefined;
  // Made by the first subscriber: most topics of a broker with very many have none at any moment.
  #readers: TopicReader[] | undefined;
  #waiting = false;
  #active = false;

  constructor(name: string, home: TopicHome) {
    this.name = name;
    this.nameBytes = Buffer.from(name);
    this.#home = home;
    const { maxFrameSize, maxRetainedBytes } = home.limits;
    this.log = new TopicLog({ topic: this.nameBytes, maxFrameSize, maxRetainedBytes });
    this.slow = new SlowReaders(home.limits);
  }

  /** The settings in force. */
  get settings(): TopicSettings {
    return this.#settings;
  }

  /** The oldest id that is still delivered to those who have not got it. */
  get firstId(): number {
    this.#expire();
    return this.log.firstId;
  }

  /** Those who read it. */
  get readers(): readonly TopicReader[] {
    return this.#readers ?? [];
  }

  /**
   * Takes the settings of a CREATE.
   *
   * @returns false when an earlier one has set others; then nothing changes
   */
  create(settings: TopicSettings): boolean {
    const { retentionMs, dedupeMs } = settings;
    if (this.#created) {
      return retentionMs === this.#settings.retentionMs && dedupeMs === this.#settings.dedupeMs;
    }
    this.#created = true;
    this.#settings = { retentionMs, dedupeMs };
    // What lies in the log by chance, because a segment is let go as a whole, was not retained.
    this.log.seal();
    let unread = this.log.sealedId + 1;
    for (const { cursor } of this.readers) unread = Math.min(unread, cursor.nextId);
    this.log.forgetBefore(unread);
    return true;
  }

  /**
   * Writes records into the log. They go out at the end of the turn.
   *
   * @param bytes - holds `count` well-formed records from `from` to `to`; they are copied
   * @param keyed - whether one of them has a key
   * @returns how many were kept, the others being duplicates; their ids are the last ones of the log
   */
  // #region publish
  publish(bytes: Buffer, from: number, to: number, count: number, keyed: boolean): number {
    const now = this.#home.turn.now;
    if (keyed && this.#settings.dedupeMs > 0) return this.#publishNewKeys(bytes, from, to, now);
    this.#append(bytes, from, to, count, now);
    return count;
  }
  // #endregion publish

  /** Seals what was published in this turn and sends it to all who keep up. */
  // #region flush
  flush(): void {
    this.#waiting = false;
    this.log.seal();
    this.#expire();
    const readers = this.#readers;
    if (readers !== undefined) {
      // One that is too slow leaves the list while we walk over it, so walk backwards.
      for (let i = readers.length - 1; i >= 0; i--) {
        const reader = readers[i];
        if (reader === undefined) continue;
        reader.pump();
        if (reader.cursor.nextId <= this.log.sealedId) this.slow.check(reader);
        else if (reader.blocking) this.slow.release(reader);
      }
    }
    if (this.#settings.retentionMs === 0) this.log.collect();
  }
  // #endregion flush

  /**
   * Where a new reader begins. Seals what was published so far: it is not "what comes next".
   *
   * @returns the first id to deliver, and the first of those before it that it asked for and cannot have
   * @throws ProtocolError OUT_OF_RANGE for an id that was not given out yet
   */
  // #region place
  place(start: number, after: number, request: number): { skippedFrom: number; nextId: number } {
    this.log.seal();
    const oldest = this.#oldestId();
    const newest = this.log.sealedId + 1;
    if (start === Start.EARLIEST) return { skippedFrom: oldest, nextId: oldest };
    if (start === Start.LATEST) return { skippedFrom: newest, nextId: newest };
    if (after >= newest) {
      throw notGivenOut(newest - 1, after, request);
    }
    return { skippedFrom: after + 1, nextId: Math.max(after + 1, oldest) };
  }
  // #endregion place

  /** A reader has room again. */
  resume(reader: TopicReader): void {
    this.#expire();
    reader.pump();
    this.caughtUp(reader);
  }

  /** A reader has gone on: its publishers may too, if it was what they waited for. */
  caughtUp(reader: TopicReader): void {
    if (reader.blocking) this.slow.check(reader);
    if (this.#settings.retentionMs === 0) this.log.collect();
  }

  /** Adds a reader. */
  add(reader: TopicReader): void {
    this.#readers ??= [];
    this.#readers.push(reader);
  }

  /** Takes a reader out. */
  remove(reader: TopicReader): void {
    const at = this.#readers?.indexOf(reader) ?? -1;
    if (at < 0) return;
    this.#readers?.splice(at, 1);
    reader.leave();
    this.slow.release(reader);
    if (this.#settings.retentionMs === 0) this.log.collect();
  }

  /** Called from time to time: lets go of what is too old, and of a quiet topic's memory. */
  sweep(): void {
    this.#expire();
    const quiet = !this.#active;
    this.#active = false;
    const { log, readers } = this;
    if (!quiet || log.bytes === 0) return;
    if (this.#settings.retentionMs > 0 && log.firstId <= log.sealedId) return;
    if (readers.some(({ cursor }) => cursor.nextId <= log.sealedId)) return;
    log.letGo(readers.length);
  }

  /** The oldest id that a new reader can have. */
  #oldestId(): number {
    this.#expire();
    return this.#settings.retentionMs === 0 ? this.log.sealedId + 1 : this.log.firstId;
  }

  #expire(): void {
    const { retentionMs } = this.#settings;
    if (retentionMs > 0) this.log.expire(this.#home.turn.now - retentionMs);
  }

  #append(bytes: Buffer, from: number, to: number, count: number, now: number): void {
    const nobody = this.#readers === undefined || this.#readers.length === 0;
    if (nobody && this.#settings.retentionMs === 0) {
      this.log.discard(count);
      return;
    }
    this.#active = true;
    if (!this.#waiting) {
      this.#waiting = true;
      this.#home.turn.publishLater(this);
    }
    this.log.append(bytes, from, to, count, now);
  }

  /** Keeps only the records whose key was not seen within the window. */
  #publishNewKeys(bytes: Buffer, from: number, to: number, now: number): number {
    let count = 0;
    for (let at = from; at < to; ) {
      const end = recordEnd(bytes, at);
      const keySize = bytes.readUInt16BE(at);
      const keyAt = at + RECORD_HEADER_SIZE;
      const key = bytes.toString('latin1', keyAt, keyAt + keySize);
      if (keySize === 0 || this.#isNew(key, now)) {
        this.#append(bytes, at, end, 1, now);
        count++;
      }
      at = end;
    }
    return count;
  }

  #isNew(key: string, now: number): boolean {
    this.#keys ??= new DedupeWindow(this.#settings.dedupeMs, this.#home.limits.maxKeys);
    return this.#keys.admit(key, now);
  }
}
