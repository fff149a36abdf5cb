import { recordsEnd, SegmentLog } from '#log';
import { ProtocolError, RECORD_HEADER_SIZE, Start } from '#protocol';
import type { ConnectionLags } from '../memory/connection-lags.ts';
import type { RetainedMemory } from '../memory/retained-memory.ts';
import { TopicMemory } from '../memory/topic-memory.ts';
import { type LagLimits, SlowReaders } from './slow-readers.ts';
import type { TopicReader } from './topic-reader.ts';

/** How long a topic keeps messages, and how long it remembers keys; both in milliseconds, 0 for not at all. */
export interface TopicSettings {
  readonly retentionMs: number;
  readonly dedupeMs: number;
}

const NO_SETTINGS: TopicSettings = { retentionMs: 0, dedupeMs: 0 };

/** The limits of a topic. */
export interface TopicLimits extends LagLimits {
  readonly maxFrameSize: number;
  readonly maxRetainedBytes: number;
  readonly maxTotalRetainedBytes: number;
  readonly maxKeys: number;
}

/** What all topics of a broker need of it. */
export interface TopicHost {
  readonly limits: TopicLimits;
  /** What all topics hold together. */
  readonly memory: RetainedMemory;
  readonly lags: ConnectionLags;
  readonly scheduler: {
    /** Monotonic milliseconds, whole. */
    readonly now: number;
    /** Calls {@link Topic.flush} at the end of the tick. */
    publishLater(topic: Topic): void;
  };
  /** Somebody has begun to read a topic. */
  readerAdded?(topic: Topic): void;
  /** Patterns that have not been led to all topics yet: while there are some, they are told before anything is published. */
  readonly patterns?: { readonly on: boolean; reach(topic: Topic): void };
}

/** A topic: its log, its settings, and those who read it. */
export class Topic {
  readonly name: string;
  readonly log: SegmentLog;
  /** Those that lag, and what is done about it. */
  readonly slow: SlowReaders;
  /** True once its table has forgotten it: there may be another of its name. */
  forgotten = false;
  /** When a client last used it, in monotonic milliseconds. */
  usedAt: number;

  readonly #host: TopicHost;
  #settings = NO_SETTINGS;
  #created = false;
  readonly #memory: TopicMemory;
  // Made by the first subscriber: most topics of a broker with very many have none at any moment.
  #readers: TopicReader[] | undefined;
  #waiting = false;
  #active = false;
  readonly #startId: number;

  /** @param lastId - its ids go on after this one */
  constructor(name: string, host: TopicHost, lastId = 0) {
    this.name = name;
    this.#host = host;
    this.usedAt = host.scheduler.now;
    this.#startId = lastId;
    const { maxFrameSize, maxTotalRetainedBytes } = host.limits;
    // Segments are a share of what may be retained, and where all topics have little room they must be small.
    const maxRetainedBytes = Math.min(host.limits.maxRetainedBytes, maxTotalRetainedBytes);
    this.#memory = new TopicMemory(host.memory, this);
    this.log = new SegmentLog({ topic: name, maxFrameSize, maxRetainedBytes, memory: this.#memory });
    this.slow = new SlowReaders(host);
    if (lastId > 0) this.#discard(lastId);
  }

  /** Messages that were published to it, duplicates left out. */
  get published(): number {
    return this.log.lastId - this.#startId;
  }

  /** The settings in force. */
  get settings(): TopicSettings {
    return this.#settings;
  }

  /** Bytes of memory that it holds: segments of its log, whether they are full or not, and keys. */
  get heldBytes(): number {
    return this.#memory.heldBytes;
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
    for (const { neededFrom } of this.readers) unread = Math.min(unread, neededFrom);
    this.log.firstId = Math.max(this.log.firstId, unread);
    return true;
  }

  /**
   * Writes records into the log. They go out at the end of the tick.
   *
   * @param bytes - holds `count` well-formed records from `from` to `to`; they are copied
   * @param keyed - whether one of them has a key
   * @returns how many were kept, the others being duplicates; their ids are the last ones of the log
   */
  publish(bytes: Buffer, from: number, to: number, count: number, keyed: boolean): number {
    const { patterns } = this.#host;
    if (patterns?.on === true) patterns.reach(this);
    const now = this.#host.scheduler.now;
    this.usedAt = now;
    if (keyed && this.#settings.dedupeMs > 0) return this.#publishNewKeys(bytes, from, to, now);
    this.#append(bytes, from, to, count, now);
    return count;
  }

  /** Seals what was published in this tick and sends it to all who keep up. */
  flush(): void {
    this.#waiting = false;
    this.log.seal();
    this.#expire();
    const readers = this.#readers;
    // One that is too slow leaves the list while we walk over it, so walk backwards.
    let i = (readers?.length ?? 0) - 1;
    while (readers !== undefined && i >= 0) {
      try {
        for (; i >= 0; i--) {
          const reader = readers[i];
          if (reader === undefined) continue;
          reader.pump();
          if (reader.neededFrom <= this.log.sealedId) this.slow.check(reader);
          else if (reader.blocking) this.slow.release(reader);
        }
      } catch (fault) {
        // One reader's fault must not keep the messages from the others.
        readers[i]?.fail(fault);
        i--;
      }
    }
    if (this.#settings.retentionMs === 0) this.log.collect();
  }

  /**
   * Lets go of all messages up to and including an id; of those that were published, when it is larger. Readers that
   * have not got them yet are told which they will not get.
   */
  purge(upTo: number): void {
    this.flush();
    this.log.drop(upTo);
    this.#passOn();
  }

  /** Lets go of everything that it holds: messages, keys and settings. Its readers stay; ids go on. */
  clear(): void {
    this.purge(this.log.lastId);
    this.#created = false;
    this.#settings = NO_SETTINGS;
    this.#memory.forgetKeys();
  }

  /**
   * Gives back the memory of its oldest segment, as too much is held by all topics. What it retains goes, and readers are told; for
   * what only slow readers still need, they are dealt with as the policy for them says.
   */
  giveUpMessages(force: boolean): number | undefined {
    // Who keeps up has nothing to lose.
    this.flush();
    const { log, heldBytes } = this;
    const upTo = (log.head.sealed > 0 ? log.head : (log.head.next ?? log.head)).lastId;
    const losers = this.readers.filter(({ neededFrom }) => neededFrom <= upTo);
    const retains = this.#settings.retentionMs > 0;
    if (!retains && !force) {
      let waits = false;
      for (const reader of losers) if (this.slow.press(reader)) waits = true;
      if (waits) return undefined;
    }
    const lost = retains || losers.length > 0 ? Math.max(0, upTo - log.firstId + 1) : 0;
    log.drop(upTo);
    this.#passOn();
    return this.heldBytes < heldBytes ? lost : undefined;
  }

  /** Its table has forgotten it, and nobody reads it: nothing is held any more. */
  forget(): void {
    this.forgotten = true;
    this.clear();
  }

  /** True while nothing would be lost if it were forgotten: no message is kept, no key, no setting, and nobody reads it. */
  get holdsNothing(): boolean {
    if (this.#created || this.readers.length > 0) return false;
    return !this.#waiting && this.log.sealedId === this.log.lastId && this.heldBytes === 0;
  }

  /**
   * Where a new reader begins. Seals what was published so far: it is not "what comes next".
   *
   * @returns the first id to deliver, and the first of those before it that it asked for and cannot have
   * @throws ProtocolError OUT_OF_RANGE for an id that was not given out yet
   */
  place(start: number, after: number): { skippedFrom: number; nextId: number } {
    this.log.seal();
    const oldest = this.#oldestId();
    const newest = this.log.sealedId + 1;
    if (start === Start.EARLIEST) return { skippedFrom: oldest, nextId: oldest };
    if (start === Start.LATEST) return { skippedFrom: newest, nextId: newest };
    if (after >= newest) throw notGivenOut(newest - 1, after);
    return { skippedFrom: after + 1, nextId: Math.max(after + 1, oldest) };
  }

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
    this.#host.readerAdded?.(this);
  }

  /** Takes a reader out. */
  remove(reader: TopicReader): void {
    const at = this.#readers?.indexOf(reader) ?? -1;
    if (at < 0) return;
    this.#readers?.splice(at, 1);
    this.usedAt = this.#host.scheduler.now;
    reader.removed();
    if (reader.watched) this.#host.lags.forget(reader);
    this.slow.release(reader);
    if (this.#settings.retentionMs === 0) this.log.collect();
  }

  /** Called from time to time: lets go of what is too old, and of a quiet topic's memory. */
  sweep(): void {
    const { log } = this;
    const { tail } = log;
    const quiet = !this.#active;
    this.#memory.expireKeys(this.#host.scheduler.now);
    this.#active = false;
    if (this.#settings.retentionMs > 0) this.#expire();
    else if (quiet) log.roll();
    this.slow.review();
    if (log.tail === tail) return;
    // What comes next goes into a new segment: readers that have read all go there, and the old one is free.
    for (const reader of this.readers) reader.pump();
    if (this.#settings.retentionMs === 0) log.collect();
  }

  /** The oldest id that a new reader can have. */
  #oldestId(): number {
    this.#expire();
    return this.#settings.retentionMs === 0 ? this.log.sealedId + 1 : this.log.firstId;
  }

  /** Readers that stand before what is kept go on there. One of them may leave the list while we walk over it. */
  #passOn(): void {
    for (const reader of [...this.readers]) {
      try {
        reader.pump();
        if (reader.blocking) this.slow.check(reader);
      } catch (fault) {
        reader.fail(fault);
      }
    }
  }

  #expire(): void {
    const { retentionMs } = this.#settings;
    if (retentionMs > 0) this.log.expire(this.#host.scheduler.now - retentionMs);
  }

  #append(bytes: Buffer, from: number, to: number, count: number, now: number): void {
    const nobody = this.#readers === undefined || this.#readers.length === 0;
    if (nobody && this.#settings.retentionMs === 0) {
      this.#discard(count);
      return;
    }
    this.#active = true;
    if (!this.#waiting) {
      this.#waiting = true;
      this.#host.scheduler.publishLater(this);
    }
    if (to - from <= this.log.maxRecordBytes) {
      this.log.append(bytes, from, to, count, now);
      return;
    }
    // A batch may be a few bytes too large for one MESSAGES frame.
    for (let at = from; at < to; ) {
      const end = recordsEnd(bytes, at, 1);
      this.log.append(bytes, at, end, 1, now);
      at = end;
    }
  }

  /** Gives out ids for records that nobody reads and that are not retained: nothing is written. */
  #discard(count: number): void {
    const { log } = this;
    log.seal();
    log.collect();
    log.lastId += count;
    log.sealedId = log.tail.lastId = log.lastId;
    log.firstId = log.lastId + 1;
  }

  /** Keeps only the records whose key was not seen within the window. */
  #publishNewKeys(bytes: Buffer, from: number, to: number, now: number): number {
    const { maxKeys } = this.#host.limits;
    const window = { dedupeMs: this.#settings.dedupeMs, maxKeys };
    let count = 0;
    for (let at = from; at < to; ) {
      const end = recordsEnd(bytes, at, 1);
      const keyAt = at + RECORD_HEADER_SIZE;
      const keyEnd = keyAt + bytes.readUInt16BE(at);
      if (keyEnd === keyAt || this.#memory.admit(bytes, keyAt, keyEnd, now, window)) {
        this.#append(bytes, at, end, 1, now);
        count++;
      }
      at = end;
    }
    return count;
  }
}

/** The refusal of a SUBSCRIBE that begins after an id in the future. */
export function notGivenOut(newest: number, after: number): ProtocolError {
  return new ProtocolError('OUT_OF_RANGE', `the newest id is ${newest}; ${after} was not given out yet`);
}
