/** Options of a {@link Backoff}. */
export interface BackoffOptions {
  /**
   * Milliseconds to wait after the first failure, before jitter.
   * @defaultValue 50
   */
  readonly initial?: number;
  /**
   * The longest wait in milliseconds, before jitter.
   * @defaultValue 5,000
   */
  readonly max?: number;
  /**
   * Where the jitter comes from: a number from 0 up to, but not including, 1.
   * @defaultValue `Math.random`
   */
  readonly random?: () => number;
}

/**
 * Decides when to try again: after 50 ms, 100 ms, 200 ms, ... up to a maximum, each between half and the whole
 * of that time. The doubling spares a peer that is down; the jitter keeps a hundred peers that lost it at the
 * same moment from dialling it at the same moment.
 *
 * Times are milliseconds of a clock that only goes forward, given by the caller.
 */
export class Backoff {
  readonly #initial: number;
  readonly #max: number;
  readonly #random: () => number;
  #failures = 0;
  #until = Number.NEGATIVE_INFINITY;

  constructor(options: BackoffOptions = {}) {
    const { initial = 50, max = 5_000, random = Math.random } = options;
    if (!(initial > 0)) throw new RangeError(`initial is a number of milliseconds above 0, not ${initial}`);
    if (!(max >= initial)) throw new RangeError(`max is at least initial (${initial} ms), not ${max}`);
    this.#initial = initial;
    this.#max = max;
    this.#random = random;
  }

  /** The moment before which no attempt is made. */
  get until(): number {
    return this.#until;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * An attempt has failed.
   *
   * @returns how long to wait from `now`, in milliseconds
   */
  // #region failed
  failed(now: number): number {
    // task 7.5: wait longer after each failure, and never in step with others
    const whole = Math.min(this.#max, this.#initial * 2 ** this.#failures);
    const delay = whole / 2 + (whole / 2) * this.#random();
    this.#failures++;
    this.#until = now + delay;
    return delay;
  }
  // #endregion failed

  /** An attempt has worked: the next failure starts from the beginning. */
  succeeded(): void {
    this.#failures = 0;
    this.#until = Number.NEGATIVE_INFINITY;
  }
}
