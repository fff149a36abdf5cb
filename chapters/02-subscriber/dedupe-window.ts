import { Queue } from './queue.ts';

/**
 * Remembers the keys of the last `windowMs` milliseconds, to tell a repeated key from a
 * new one.
 *
 * A key's window begins with the message that was let through. Repeats do not make it
 * longer: otherwise a key that is repeated often enough would never be let through
 * again.
 *
 * Source: the seed zaichik, there for each consumer by itself.
 */
export class DedupeWindow {
  // step 2.3: let a key through once in a window
  // #region dedupe-window
  readonly #windowMs: number;
  readonly #maxKeys: number;
  // Invariant: both hold the same keys, each once; in the queue they stand by their
  // time, the oldest first. So what has expired is always at its head, and each key is
  // looked at once when it leaves.
  readonly #keys = new Set<string>();
  readonly #admitted = new Queue<{ readonly key: string; readonly time: number }>();
  #length = 0;

  /**
   * @param windowMs - for how long a key counts as repeated, in milliseconds; 0:
   * nothing is ever a repeat
   * @param maxKeys - keys remembered at most; with more, the oldest is forgotten before
   * its time
   */
  constructor(windowMs: number, maxKeys: number) {
    this.#windowMs = windowMs;
    this.#maxKeys = maxKeys;
  }

  /** How many keys it remembers. */
  get size(): number {
    return this.#keys.size;
  }

  /** The characters of all of them together: what they hold of memory goes with it. */
  get length(): number {
    return this.#length;
  }

  /**
   * Lets a key through, and remembers it, unless it was let through within the window
   * before, the last millisecond included. What is older than the window is forgotten
   * first, and each key is forgotten once: the cost of a call is constant on average.
   *
   * @param key - `''` is no key, and always let through
   * @param time - the time of the message in milliseconds; must not fall from call to
   * call
   */
  admit(key: string, time: number): boolean {
    if (key === '' || this.#windowMs === 0) return true;
    this.expire(time);
    if (this.#keys.has(key)) return false;
    if (this.#keys.size >= this.#maxKeys) this.forgetOldest();
    this.#keys.add(key);
    this.#admitted.push({ key, time });
    this.#length += key.length;
    return true;
  }

  /** Forgets what is older than the window at this time. */
  expire(time: number): void {
    const first = time - this.#windowMs;
    while ((this.#admitted.peek()?.time ?? first) < first) this.forgetOldest();
  }

  /** Forgets the oldest key, before its time. */
  forgetOldest(): void {
    const oldest = this.#admitted.shift();
    if (oldest === undefined) return;
    this.#keys.delete(oldest.key);
    this.#length -= oldest.key.length;
  }
  // #endregion dedupe-window
}
