import type { Logger } from './logger.ts';

/**
 * Faults of the broker itself: whatever is thrown and is no answer to what a client did. Each is logged once, with its
 * cause and stack, and counted; nothing of it is told to clients, and none of them ends the process.
 */
export class Faults {
  readonly #logger: Logger;
  #count = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** How many there were since the broker started. */
  get count(): number {
    return this.#count;
  }

  /**
   * Logs a fault and counts it.
   *
   * @param fault - what was thrown
   * @param facts - where it was thrown, and whom it hit
   */
  report(fault: unknown, facts: object): void {
    this.#count++;
    const err = fault instanceof Error ? fault : new Error(`thrown: ${String(fault)}`);
    this.#logger.error({ ...facts, err }, 'internal error');
  }

  /** Runs something on behalf of nobody in particular (a timer, an event). What it throws is reported and goes no further. */
  guard(where: string, run: () => void): void {
    try {
      run();
    } catch (fault) {
      this.report(fault, { where });
    }
  }
}
