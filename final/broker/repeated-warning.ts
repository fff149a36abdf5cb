import type { Logger } from './logger.ts';

/** Milliseconds between two lines of one warning. */
const INTERVAL_MS = 10_000;

/**
 * A warning that strangers can cause as often as they like: it is logged at once, and then once in ten seconds at most,
 * with the number of those that were left out.
 */
export class RepeatedWarning {
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #message: string;
  readonly #now: () => number;
  #lastAt = Number.NEGATIVE_INFINITY;
  #leftOut = 0;

  /**
   * @param message - what happened, and what to do about it
   * @param now - monotonic milliseconds
   */
  constructor(logger: Pick<Logger, 'warn'>, message: string, now = () => performance.now()) {
    this.#logger = logger;
    this.#message = message;
    this.#now = now;
  }

  /** It happened again. */
  tell(facts: object): void {
    const now = this.#now();
    if (now - this.#lastAt < INTERVAL_MS) {
      this.#leftOut++;
      return;
    }
    const more = this.#leftOut > 0 ? { leftOut: this.#leftOut } : {};
    this.#lastAt = now;
    this.#leftOut = 0;
    this.#logger.warn({ ...facts, ...more }, this.#message);
  }
}
