import { recordsEnd, SegmentLog, SpareMemory } from '#log';
import { RECORD_HEADER_SIZE } from '#protocol';
import { DedupeWindow, type TableTopic, type TopicSettings } from '#topics';
import type { LogLimits } from './limits.ts';
import type { TurnClock } from './turn-clock.ts';

// step 6.11: a topic, and the end of the turn

/** All topics of the process share it. */
const memory = new SpareMemory();

/** Whoever reads a topic. */
export interface TopicReader {
  /** There are new messages. It throws nothing: the others must get them, too. */
  flush(): void;
}

/** A topic: its log, its settings, and those who read it. */
export class Topic implements TableTopic {
  readonly name: string;
  readonly limits: LogLimits;
  readonly log: SegmentLog;
  /** Told at the end of each turn in which something was published. */
  readonly readers = new Set<TopicReader>();
  settings: TopicSettings = { retentionMs: 0, dedupeMs: 0 };
  readonly #clock: TurnClock;
  #keys: DedupeWindow | undefined;
  // What was published before is not retained, though it may lie in the log.
  #retainedFrom = 1;
  #waiting = false;

  constructor(name: string, limits: LogLimits, clock: TurnClock) {
    this.name = name;
    this.limits = limits;
    this.log = new SegmentLog({ topic: name, ...limits, memory });
    this.#clock = clock;
  }

  /**
   * The oldest id that a new reader can have. What was published before, in this same
   * turn, is not what comes next.
   */
  get oldestId(): number {
    this.log.seal();
    this.#letGo();
    const { firstId, lastId } = this.log;
    return this.settings.retentionMs ? Math.max(firstId, this.#retainedFrom) : lastId + 1;
  }

  configure(settings: TopicSettings): void {
    this.settings = settings;
    this.#retainedFrom = this.log.lastId + 1;
    this.#keys = settings.dedupeMs > 0 ? new DedupeWindow(settings.dedupeMs, this.limits.maxKeys) : undefined;
  }

  // #region publish
  /**
   * Copies the records `bytes[from, to)` into the log. They go out at the end of the
   * turn.
   *
   * @returns how many were taken, the others being duplicates: their ids are the last
   * ones of the log
   */
  publish(bytes: Buffer, from: number, to: number, count: number, keyed: boolean): number {
    if (!this.#waiting) {
      this.#waiting = true;
      // In Node that is after all sockets that are readable now have been read.
      setImmediate(() => this.flush());
    }
    const { now } = this.#clock;
    const keys = keyed ? this.#keys : undefined;
    if (keys === undefined && to - from <= this.log.maxRecordBytes) {
      this.log.append(bytes, from, to, count, now);
      return count;
    }
    // Duplicates are left out one by one; and a large batch may be a few bytes too
    // large for one MESSAGES frame.
    let taken = 0;
    for (let at = from, end: number; at < to; at = end) {
      end = recordsEnd(bytes, at, 1);
      const keyAt = at + RECORD_HEADER_SIZE;
      const key = bytes.toString('latin1', keyAt, keyAt + bytes.readUInt16BE(at));
      if (keys?.admit(key, now) === false) continue;
      this.log.append(bytes, at, end, 1, now);
      taken += 1;
    }
    return taken;
  }
  // #endregion publish

  // #region flush
  /**
   * What all sockets bring in one turn goes out together, so that its cost is per turn
   * and not per message.
   */
  flush(): void {
    this.#waiting = false;
    this.log.seal();
    this.#letGo();
    for (const reader of this.readers) reader.flush();
  }
  // #endregion flush

  /**
   * Called from time to time, for topics that nobody uses: what they need not hold
   * goes, and its memory with it.
   */
  trim(): void {
    if (!this.settings.retentionMs) this.log.roll();
    this.flush();
  }

  /** Lets go of what is not retained any more, or was read by all. */
  #letGo(): void {
    if (this.settings.retentionMs) this.log.expire(this.#clock.now - this.settings.retentionMs);
    else this.log.collect();
  }
}
