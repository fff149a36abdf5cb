/** How much a subscriber may have waiting. */
export interface AllowanceLimits {
  /** Most messages. @defaultValue 100,000 */
  maxMessages?: number;
  /** Most bytes, by `messageSize`. @defaultValue 67,108,864 (64 MiB) */
  maxBytes?: number;
}

/**
 * Counts what waits in one or several queues against a common limit. All the queues of one subscriber share
 * one allowance: a subscriber with a thousand topics may not hold a thousand times as much.
 *
 * @throws RangeError for a limit that is not a whole number of at least 1
 */
export class Allowance {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  #messages = 0;
  #bytes = 0;

  constructor({ maxMessages = 100_000, maxBytes = 67_108_864 }: AllowanceLimits = {}) {
    this.#maxMessages = atLeastOne('maxMessages', maxMessages);
    this.#maxBytes = atLeastOne('maxBytes', maxBytes);
  }

  /** Messages counted now. */
  get messages(): number {
    return this.#messages;
  }

  /** Bytes counted now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether one more message of `size` bytes fits. Into an empty one anything does, however large. */
  fits(size: number): boolean {
    if (this.#messages === 0) return true;
    return this.#messages < this.#maxMessages && this.#bytes + size <= this.#maxBytes;
  }

  /** Count a message of `size` bytes. */
  take(size: number): void {
    this.#messages += 1;
    this.#bytes += size;
  }

  /** No longer count a message of `size` bytes. */
  giveBack(size: number): void {
    this.#messages -= 1;
    this.#bytes -= size;
  }
}

/** Check an option that must be a whole number of at least 1. */
export function atLeastOne(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RangeError(`${option} must be a whole number of at least 1, not ${value}`);
}
