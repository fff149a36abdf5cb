import { Queue } from './queue.ts';

/**
 * Remembers the keys of the last `windowMs` milliseconds, to tell a repeated key from a new one.
 *
 * A key's window begins with the message that was let through. Repeats do not make it longer: otherwise a key that is
 * repeated often enough would never be let through again.
 *
 * Source: the seed zaichik, there for each consumer by itself.
 */
export class DedupeWindow {
  readonly #windowMs: number;
  readonly #maxKeys: number;
  // Invariant: both hold the same keys, each once; in the queue they stand by their time, the oldest first. So what has
  // expired is always at its head, and each key is looked at once when it leaves.
  readonly #keys = new Set<string>();
  readonly #admitted = new Queue<{ readonly key: string; readonly time: number }>();

  /**
   * @param windowMs - for how long a key counts as repeated, in milliseconds; 0: nothing is ever a repeat
   * @param maxKeys - keys remembered at most; with more, the oldest is forgotten before its time
   */
  constructor(windowMs: number, maxKeys: number) {
    this.#windowMs = windowMs;
    this.#maxKeys = maxKeys;
  }

  /** How many keys it remembers. */
  get size(): number {
    return this.#keys.size;
  }

  // #region admit
  /**
   * Lets a key through, and remembers it, unless it was let through within the window before, the last millisecond
   * included. What is older than the window is forgotten first, and each key is forgotten once: the cost of a call is
   * constant on average.
   *
   * @param key - `''` is no key, and always let through
   * @param time - the time of the message in milliseconds; must not fall from call to call
   */
  admit(key: string, time: number): boolean {
    // step 2.1: let a key through once in a window
    if (key === '' || this.#windowMs === 0) return true;
    for (let oldest = this.#admitted.peek(); oldest !== undefined; oldest = this.#admitted.peek()) {
      if (oldest.time >= time - this.#windowMs) break;
      this.#forgetOldest();
    }
    if (this.#keys.has(key)) return false;
    if (this.#keys.size >= this.#maxKeys) this.#forgetOldest();
    this.#keys.add(key);
    this.#admitted.push({ key, time });
    return true;
  }
  // #endregion admit

  #forgetOldest(): void {
    const oldest = this.#admitted.shift();
    if (oldest !== undefined) this.#keys.delete(oldest.key);
  }
}
