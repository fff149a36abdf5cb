// #region sliding-window
/** A key repeats as long as it comes at least once in a window: exercise 1. */
export class SlidingWindow {
  readonly #windowMs: number;
  // A Map keeps the order in which its keys were set: the oldest time comes first.
  readonly #times = new Map<string, number>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  admit(key: string, time: number): boolean {
    if (key === '' || this.#windowMs === 0) return true;
    for (const [oldest, last] of this.#times) {
      if (last >= time - this.#windowMs) break;
      this.#times.delete(oldest);
    }
    // Set again, a key stays where it is. Deleted and set, it moves to the end.
    const isNew = !this.#times.delete(key);
    this.#times.set(key, time);
    return isNew;
  }
}
// #endregion sliding-window
