import { RingQueue } from './ring-queue.ts';

/**
 * Remembers the keys of the last `windowMs` milliseconds, to tell a repeated key from a new one.
 *
 * A key's window begins with the message that was let through. Repeats do not make it longer: otherwise a
 * key that is repeated often enough would never be let through again.
 */
export class DedupeWindow {
  // Invariant: `order` holds each key of `times` once, oldest first, and the times in that order never
  // fall. So what has expired is always at the front, and each key is looked at once when it leaves.
  readonly #times = new Map<string, number>();
  readonly #order = new RingQueue<string>();
  readonly #maxKeys: number;

  /**
   * @param maxKeys - keys remembered at most; with more, the oldest is forgotten before its time
   */
  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  /** How many keys it remembers. */
  get size(): number {
    return this.#times.size;
  }

  // #region repeats
  /**
   * Whether this key was let through within the window. What is older than the window is forgotten first,
   * and each key is forgotten once: the cost of a call is constant on average.
   *
   * @param time - the message's time in milliseconds; must not fall from call to call
   * @param windowMs - for how long a key counts as repeated, in milliseconds, the last one included
   */
  repeats(key: string, time: number, windowMs: number): boolean {
    // task 2.1: forget old keys, then look
    for (let oldest = this.#order.peek(); oldest !== undefined; oldest = this.#order.peek()) {
      const passed = this.#times.get(oldest);
      if (passed !== undefined && passed >= time - windowMs) break;
      this.#forgetOldest();
    }
    return this.#times.has(key);
  }
  // #endregion repeats

  // #region remember
  /** Remember a key that is let through now. Only for a key that does not repeat. */
  remember(key: string, time: number): void {
    if (this.#times.size >= this.#maxKeys) this.#forgetOldest();
    this.#times.set(key, time);
    this.#order.push(key);
  }
  // #endregion remember

  #forgetOldest(): void {
    const key = this.#order.shift();
    if (key !== undefined) this.#times.delete(key);
  }
}
