import { type Limit, readLimits } from '#framing';

/** What bounds the queues of one subscriber. */
export const QUEUE_LIMITS = {
  /** Most messages that may wait. */
  maxLagMessages: { default: 100_000, min: 1, max: Number.MAX_SAFE_INTEGER },
  /** Most bytes that may wait, by `messageSize`. 64 MiB unless told otherwise. */
  maxLagBytes: { default: 67_108_864, min: 1, max: Number.MAX_SAFE_INTEGER },
} as const satisfies Record<string, Limit>;

/** The limits of a subscriber's queues, each with a value. */
export type QueueLimits = Readonly<Record<keyof typeof QUEUE_LIMITS, number>>;

/**
 * What is done with a message that does not fit: refuse it, or drop the oldest ones
 * until it fits.
 */
export type Overflow = 'refuse' | 'drop-oldest';

/**
 * Counts what waits in one or several queues against a common limit. All the queues of
 * one subscriber share one: a subscriber with a thousand topics may not hold a thousand
 * times as much.
 */
export class QueueLimit {
  // step 2.4: count what waits
  // #region queue-limit
  /** What a queue does with a message that does not fit. */
  readonly overflow: Overflow;
  readonly #limits: QueueLimits;
  #messages = 0;
  #bytes = 0;

  /**
   * @param limits - those of {@link QUEUE_LIMITS} that shall not have their default
   * @throws OptionError for a limit out of range
   */
  constructor(limits: Partial<QueueLimits> = {}, overflow: Overflow = 'refuse') {
    this.#limits = readLimits(QUEUE_LIMITS, limits);
    this.overflow = overflow;
  }

  /** Messages counted now. */
  get messages(): number {
    return this.#messages;
  }

  /** Bytes counted now. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Whether one more message of `size` bytes fits. When nothing waits any message does,
   * however large.
   */
  fits(size: number): boolean {
    if (this.#messages === 0) return true;
    const { maxLagMessages, maxLagBytes } = this.#limits;
    return this.#messages < maxLagMessages && this.#bytes + size <= maxLagBytes;
  }

  /** Counts a message of `size` bytes. */
  take(size: number): void {
    this.#messages += 1;
    this.#bytes += size;
  }

  /** Counts a message of `size` bytes no longer. */
  giveBack(size: number): void {
    this.#messages -= 1;
    this.#bytes -= size;
  }
  // #endregion queue-limit
}
