import { Allowance, type AllowanceLimits, atLeastOne } from './allowance.ts';
import type { Clock } from './clock.ts';
import { DedupeWindow } from './dedupe-window.ts';
import { type Delivery, type Message, messageSize } from './message.ts';
import { RingQueue } from './ring-queue.ts';
import type { TopicSettings } from './topic.ts';
import { TopicError } from './topic-error.ts';

/**
 * What became of a message: it waits (`queued`), its key was let through within the window (`duplicate`),
 * or there was no room and it was not taken (`full`).
 */
export type PushResult = 'queued' | 'duplicate' | 'full';

/** What each buffer of a subscriber is made with. */
export interface BufferOptions {
  /** Tells the age of messages; the same clock that stamped them. */
  readonly clock: Clock;
  /** When a message does not fit: `refuse` it, or `drop-oldest` until it fits. @defaultValue 'refuse' */
  readonly overflow?: 'refuse' | 'drop-oldest';
  /** Keys remembered at most. @defaultValue 100,000 */
  readonly maxKeys?: number;
}

/** What a `MessageBuffer` is made with. Without an `allowance` it makes one of its own limits. */
export interface MessageBufferOptions extends BufferOptions, AllowanceLimits {
  /** The topic, or anything with its name and settings. They are read at each use, as they may change. */
  readonly topic: { readonly name: string; readonly settings: TopicSettings };
  /** Most messages handed out and not yet committed; 0 = any number, and no commits. @defaultValue 0 */
  readonly window?: number;
  /** An allowance shared with other buffers. */
  readonly allowance?: Allowance;
}

/**
 * The messages of one topic that wait for one subscriber: its own queue, with its own lag, its own sense of
 * what is a duplicate and what is too old. (The seed called zaichik gives each client such a queue.)
 *
 * A message in it is in one of two places: waiting, or handed out and uncommitted.
 */
export class MessageBuffer {
  readonly #topic: { readonly name: string; readonly settings: TopicSettings };
  readonly #clock: Clock;
  readonly #window: number;
  readonly #dropsOldest: boolean;
  readonly #allowance: Allowance;
  readonly #keys: DedupeWindow;
  // Invariant: ids rise from lost to uncommitted and waiting: lastHandedOut and lostTo < first waiting.
  readonly #waiting = new RingQueue<Message>();
  readonly #uncommitted = new RingQueue<number>();
  #lastHandedOut = 0;
  /** How many at the head of `waiting` came from the topic's history: they are outside the allowance. */
  #replayed = 0;
  /** What was lost and not told yet, `lostFrom` to `lostTo`; `lostTo` is 0 when nothing was. */
  #lostFrom = 0;
  #lostTo = 0;

  /** @throws RangeError for a limit or a window out of range */
  constructor(options: MessageBufferOptions) {
    const { topic, clock, window = 0, overflow = 'refuse', maxKeys = 100_000 } = options;
    const { allowance = new Allowance(options) } = options;
    this.#topic = topic;
    this.#clock = clock;
    this.#window = checkWindow(window);
    this.#dropsOldest = overflow === 'drop-oldest';
    this.#allowance = allowance;
    this.#keys = new DedupeWindow(atLeastOne('maxKeys', maxKeys));
  }

  /** Messages not settled yet: those that wait and are not too old, and those handed out and uncommitted. */
  get lag(): number {
    this.#dropExpired();
    return this.#waiting.length + this.#uncommitted.length;
  }

  /** Whether `next` would hand something out, unless that has become too old meanwhile. */
  get ready(): boolean {
    return this.#lostTo > 0 || (this.#waiting.length > 0 && this.#windowOpen);
  }

  /** The `order` of the message that waits first; 0, before any message, when there are losses to tell. */
  get order(): number {
    return this.#lostTo > 0 ? 0 : (this.#waiting.peek()?.order ?? 0);
  }

  // #region push
  /**
   * Queue a message, unless it repeats a key or does not fit. Ids must rise from call to call. A message that
   * is refused as `full` leaves no trace: its key may come again.
   */
  push(message: Message): PushResult {
    // task 2.2: queue a message once, and within the limits
    this.#dropExpired();
    if (this.#repeats(message)) return 'duplicate';
    const size = messageSize(message);
    while (!this.#allowance.fits(size)) {
      if (!this.#dropsOldest) return 'full';
      if (this.#waiting.length === 0) break;
      this.#dropOldest();
    }
    this.#allowance.take(size);
    this.#remember(message);
    this.#waiting.push(message);
    return 'queued';
  }
  // #endregion push

  /**
   * Queue a message of the topic's history: before the first `push`, and whatever the allowance. (The topic
   * bounds its history by itself; a late subscriber must not be refused for what happened before it came.)
   */
  replay(message: Message): PushResult {
    if (this.#repeats(message)) return 'duplicate';
    this.#remember(message);
    this.#waiting.push(message);
    this.#replayed += 1;
    return 'queued';
  }

  // #region next
  /**
   * What to hand to the subscriber now: first the news of what it lost, then the oldest message that is not
   * too old, as long as the window is open. `undefined` when there is nothing, or it must commit first.
   */
  next(): Delivery | undefined {
    // task 2.3: hand out the oldest message
    this.#dropExpired();
    if (this.#lostTo > 0) return this.#takeLost();
    if (!this.#windowOpen) return undefined;
    const message = this.#waiting.shift();
    if (message === undefined) return undefined;
    this.#leaves(message);
    this.#lastHandedOut = message.id;
    if (this.#window > 0) this.#uncommitted.push(message.id);
    return message;
  }
  // #endregion next

  // #region commit
  /**
   * The subscriber is done with every message up to `id`: commits are cumulative. Repeats do no harm.
   *
   * @returns how many messages this settled
   * @throws TopicError `BAD_COMMIT` for an id beyond the last one that `next` handed out
   */
  commit(id: number): number {
    // task 2.4: settle every id up to this one
    if (id > this.#lastHandedOut) {
      const last = this.#lastHandedOut;
      throw new TopicError('BAD_COMMIT', `commit of ${id}, but the last id handed out is ${last}`);
    }
    let settled = 0;
    for (let first = this.#uncommitted.peek(); first !== undefined; first = this.#uncommitted.peek()) {
      if (first > id) break;
      this.#uncommitted.shift();
      settled += 1;
    }
    return settled;
  }
  // #endregion commit

  /** Note that ids are lost before the first message that waits; `next` will tell. */
  lose(fromId: number, toId: number): void {
    if (this.#lostTo === 0) this.#lostFrom = fromId;
    this.#lostTo = toId;
  }

  /** Forget everything that waits, and give back its part of the allowance. */
  clear(): void {
    for (let message = this.#waiting.shift(); message !== undefined; message = this.#waiting.shift()) {
      this.#leaves(message);
    }
    this.#uncommitted.clear();
    this.#lostTo = 0;
  }

  get #windowOpen(): boolean {
    return this.#window === 0 || this.#uncommitted.length < this.#window;
  }

  // #region drop-expired
  /** Times never fall along the queue, so what is too old is at its head, and the rest need not be seen. */
  #dropExpired(): void {
    const { retentionMs } = this.#topic.settings;
    let oldest = this.#waiting.peek();
    if (retentionMs === 0 || oldest === undefined) return;
    const limit = this.#clock() - retentionMs;
    while (oldest !== undefined && oldest.time < limit) {
      this.#dropOldest();
      oldest = this.#waiting.peek();
    }
  }
  // #endregion drop-expired

  #dropOldest(): void {
    const message = this.#waiting.shift();
    if (message === undefined) return;
    this.#leaves(message);
    this.lose(message.id, message.id);
  }

  #leaves(message: Message): void {
    if (this.#replayed > 0) this.#replayed -= 1;
    else this.#allowance.giveBack(messageSize(message));
  }

  #takeLost(): Delivery {
    const lost = { topic: this.#topic.name, fromId: this.#lostFrom, toId: this.#lostTo };
    this.#lostTo = 0;
    return lost;
  }

  #repeats(message: Message): boolean {
    const { dedupeMs } = this.#topic.settings;
    return dedupeMs > 0 && message.key !== '' && this.#keys.repeats(message.key, message.time, dedupeMs);
  }

  #remember(message: Message): void {
    const { dedupeMs } = this.#topic.settings;
    if (dedupeMs > 0 && message.key !== '') this.#keys.remember(message.key, message.time);
  }
}

/** @throws RangeError unless it is a whole number that fits into the two bytes it has on the wire */
export function checkWindow(window: number): number {
  if (Number.isInteger(window) && window >= 0 && window <= 65_535) return window;
  throw new RangeError(`window must be a whole number from 0 to 65535, not ${window}`);
}
