/**
 * A time by which something must have happened. It has no timer and reads no clock: whoever sweeps asks it. So thousands
 * of them cost nothing, and a test brings its own time.
 */
export class Deadline {
  // When it began to run; -1 while it does not.
  #since = -1;

  /** Begins to run, unless it runs already: so a slow drip cannot push it back. */
  start(now: number): void {
    if (this.#since < 0) this.#since = now;
  }

  /** Begins anew. */
  restart(now: number): void {
    this.#since = now;
  }

  /** What it waited for has happened. */
  stop(): void {
    this.#since = -1;
  }

  /** For how long it has run, in milliseconds; 0 while it does not. */
  elapsed(now: number): number {
    return this.#since < 0 ? 0 : now - this.#since;
  }

  /** Whether it has run for `timeoutMs`; a timeout of 0 never fires. */
  passed(now: number, timeoutMs: number): boolean {
    return this.#since >= 0 && timeoutMs > 0 && now - this.#since >= timeoutMs;
  }
}
