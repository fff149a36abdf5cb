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

  /** Whether it has run for `timeoutMs`; a timeout of 0 never fires. */
  passed(now: number, timeoutMs: number): boolean {
    return this.#since >= 0 && hasPassed(this.#since, now, timeoutMs);
  }
}

/** Whether a timeout that began to run at `since` has passed; one of 0 never fires. */
export function hasPassed(since: number, now: number, timeoutMs: number): boolean {
  return timeoutMs > 0 && now - since >= timeoutMs;
}
