import type { Clock } from './clock.ts';
import { DedupeWindow } from './dedupe-window.ts';
import { type Message, messageSize } from './message.ts';
import { Queue } from './queue.ts';

/** For how long a topic's messages and keys matter. */
export interface TopicSettings {
  /**
   * A message older than this many milliseconds is never delivered, and until then it
   * is kept for subscribers to come. 0 sets no age, and keeps nothing: a message goes
   * to the subscribers of its moment only.
   */
  readonly retentionMs: number;
  /**
   * A second message with the same key within this many milliseconds is dropped. 0 lets
   * all through.
   */
  readonly dedupeMs: number;
}

/** What bounds the memory of one topic. */
export interface TopicLimits {
  /** Most bytes of retained messages, by `messageSize`; the oldest go first. */
  readonly maxRetainedBytes: number;
  /** Most keys remembered for dedupe; the oldest are forgotten first. */
  readonly maxKeys: number;
}

/**
 * A named stream of messages. It drops repeats, gives each message an id and a time,
 * and keeps those that its retention holds, so that a late subscriber and a resume
 * after an id work.
 *
 * It knows nothing of subscribers: whoever calls `append` passes the message on.
 */
export class Topic {
  // step 2.5: number, stamp and keep messages
  // #region topic
  /** Its name. */
  readonly name: string;
  readonly #limits: TopicLimits;
  readonly #clock: Clock;
  #settings: TopicSettings = { retentionMs: 0, dedupeMs: 0 };
  #keys: DedupeWindow;
  #lastId = 0;
  #lastTime = Number.NEGATIVE_INFINITY;
  // Invariant: the retained messages have the ids lastId - retained.length + 1 ...
  // lastId, without a gap, and their times never fall.
  readonly #retained = new Queue<Message>();
  #retainedBytes = 0;

  /** Made by `TopicRegistry`, which checks the name and the limits. */
  constructor(name: string, limits: TopicLimits, clock: Clock) {
    this.name = name;
    this.#limits = limits;
    this.#clock = clock;
    this.#keys = new DedupeWindow(0, limits.maxKeys);
  }

  /**
   * Its settings now. They change at most once: when a topic made by use is created on
   * purpose.
   */
  get settings(): TopicSettings {
    return this.#settings;
  }

  /** The id given out last; 0 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  /**
   * The id of the oldest message that is retained; when none is, the id that the next
   * message gets.
   */
  get firstRetainedId(): number {
    this.trim();
    return this.#lastId - this.#retained.length + 1;
  }

  /** Takes new settings; for the registry, before anything is retained. */
  configure(settings: TopicSettings): void {
    this.#settings = settings;
    this.#keys = new DedupeWindow(settings.dedupeMs, this.#limits.maxKeys);
  }

  /**
   * Gives a message the next id and the time, and retains it if this topic retains. A
   * repeat is dropped here, for everybody, and gets no id: so a gap in the ids that a
   * subscriber sees is always a loss.
   *
   * @param key - its key as a latin1 string, `''` for none
   * @param payload - its content; handed over, so it must be the caller's own copy, and
   * not change any more
   * @returns the message, or `undefined` for a repeat
   */
  append(key: string, payload: Uint8Array): Message | undefined {
    // A clock may be set back. Times never are: whatever expires things looks only at
    // the oldest.
    this.#lastTime = Math.max(this.#lastTime, this.#clock());
    const time = this.#lastTime;
    if (!this.#keys.admit(key, time)) return undefined;
    this.#lastId += 1;
    const message: Message = { topic: this.name, id: this.#lastId, key, payload, time };
    if (this.#settings.retentionMs > 0) {
      this.#retained.push(message);
      this.#retainedBytes += messageSize(message);
      this.trim();
    }
    return message;
  }

  /**
   * The oldest retained message with this id or a higher one; `undefined` when there is
   * none.
   */
  oldestFrom(id: number): Message | undefined {
    const first = this.firstRetainedId;
    return this.#retained.at(Math.max(0, id - first));
  }

  /**
   * Whether a message is older than the retention: then nobody may be handed it any
   * more.
   */
  isExpired(message: Message): boolean {
    const { retentionMs } = this.#settings;
    return retentionMs > 0 && this.#clock() - message.time > retentionMs;
  }

  /**
   * Drops what is too old or too much. Reading does it too; a broker calls this for
   * topics that nobody uses.
   */
  trim(): void {
    let oldest = this.#retained.peek();
    while (oldest !== undefined && (this.#isTooMuch() || this.isExpired(oldest))) {
      this.#retained.shift();
      this.#retainedBytes -= messageSize(oldest);
      oldest = this.#retained.peek();
    }
  }

  #isTooMuch(): boolean {
    return this.#retainedBytes > this.#limits.maxRetainedBytes;
  }
  // #endregion topic
}
