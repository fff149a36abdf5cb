import type { Clock } from './clock.ts';
import { type Message, messageSize } from './message.ts';
import { RingQueue } from './ring-queue.ts';

/** For how long a topic's messages matter. */
export interface TopicSettings {
  /**
   * A message older than this many milliseconds is never delivered. 0 sets no age: a message is kept only
   * until the subscribers of that moment have it.
   */
  readonly retentionMs: number;
  /** A second message with the same key within this many milliseconds is dropped. 0 lets all through. */
  readonly dedupeMs: number;
}

/** The settings of a topic that came into being by use. */
export const DEFAULT_SETTINGS: TopicSettings = { retentionMs: 0, dedupeMs: 0 };

/** Counts the messages of all topics of one registry. */
export interface Sequence {
  /** The number given out last; 0 before the first. */
  last: number;
}

/** What a `Topic` is made of. */
export interface TopicOptions {
  /** Its name, valid already: the registry checks it. */
  name: string;
  /** The registry's clock. */
  clock: Clock;
  /** @defaultValue no retention, no dedupe */
  settings?: TopicSettings;
  /** The counter that it shares with the other topics. @defaultValue one of its own */
  sequence?: Sequence;
  /** Most bytes of retained messages; older ones go first. @defaultValue 67,108,864 (64 MiB) */
  maxRetainedBytes?: number;
}

/**
 * A named stream of messages. It stamps each one with an id and a time, and keeps those that its retention
 * holds in a plain list, so that a late subscriber and a resume after an id work.
 *
 * It knows nothing of subscribers: whoever calls `append` passes the message on.
 */
export class Topic {
  /** Its name. */
  readonly name: string;
  readonly #clock: Clock;
  readonly #sequence: Sequence;
  readonly #maxRetainedBytes: number;
  #settings: TopicSettings;
  #lastId = 0;
  #lastTime = Number.NEGATIVE_INFINITY;
  // Invariant: the retained messages have the ids lastId - retained.length + 1 ... lastId, without a gap.
  readonly #retained = new RingQueue<Message>();
  #retainedBytes = 0;

  constructor(options: TopicOptions) {
    const { name, clock, settings = DEFAULT_SETTINGS, sequence = { last: 0 } } = options;
    const { maxRetainedBytes = 67_108_864 } = options;
    this.name = name;
    this.#clock = clock;
    this.#settings = settings;
    this.#sequence = sequence;
    this.#maxRetainedBytes = maxRetainedBytes;
  }

  /** Its settings now. They change at most once: when a topic made by use is created on purpose. */
  get settings(): TopicSettings {
    return this.#settings;
  }

  /** The id given out last; 0 before the first message. */
  get lastId(): number {
    return this.#lastId;
  }

  /** How many messages are retained now. */
  get retainedCount(): number {
    this.trim();
    return this.#retained.length;
  }

  /** How many bytes the retained messages take, by `messageSize`. */
  get retainedBytes(): number {
    this.trim();
    return this.#retainedBytes;
  }

  /** The id of the oldest message that is retained; when none is, the id that the next message gets. */
  get firstRetainedId(): number {
    this.trim();
    return this.#lastId - this.#retained.length + 1;
  }

  // #region append
  /**
   * Stamp a new message with the next id and the time, and retain it if this topic retains.
   *
   * @param key - its key as a latin1 string, `''` for none
   * @param payload - its content; handed over, so it must be the caller's own copy, and not change any more
   */
  append(key: string, payload: Buffer): Message {
    // A clock may be set back. Times never are: the code that expires things looks only at the oldest.
    this.#lastTime = Math.max(this.#lastTime, this.#clock());
    this.#lastId += 1;
    this.#sequence.last += 1;
    const message: Message = {
      topic: this.name,
      id: this.#lastId,
      key,
      payload,
      time: this.#lastTime,
      order: this.#sequence.last,
    };
    if (this.#settings.retentionMs > 0) this.#retain(message);
    return message;
  }
  // #endregion append

  /** The retained messages with an id above `id`, oldest first. `after(0)` is all that is retained. */
  *after(id: number): Generator<Message, void, undefined> {
    this.trim();
    for (let next = id + 1; next <= this.#lastId; next += 1) {
      // Counted anew each time: the list may lose its head while the reader holds this generator.
      const first = this.#lastId - this.#retained.length + 1;
      next = Math.max(next, first);
      const message = this.#retained.at(next - first);
      if (message !== undefined) yield message;
    }
  }

  /** Drop what is too old. Reading does it too; a broker calls this for topics that nobody uses. */
  trim(): void {
    if (this.#retained.length > 0) this.#dropBefore(this.#clock() - this.#settings.retentionMs);
  }

  /** Take new settings; for the registry. Without retention, what was retained goes. */
  configure(settings: TopicSettings): void {
    this.#settings = settings;
    if (settings.retentionMs === 0) {
      this.#retained.clear();
      this.#retainedBytes = 0;
    }
  }

  #retain(message: Message): void {
    this.#dropBefore(message.time - this.#settings.retentionMs);
    this.#retained.push(message);
    this.#retainedBytes += messageSize(message);
    while (this.#retainedBytes > this.#maxRetainedBytes) this.#dropOldest();
  }

  #dropBefore(limit: number): void {
    for (let oldest = this.#retained.peek(); oldest !== undefined; oldest = this.#retained.peek()) {
      if (oldest.time >= limit) return;
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    const oldest = this.#retained.shift();
    if (oldest !== undefined) this.#retainedBytes -= messageSize(oldest);
  }
}
