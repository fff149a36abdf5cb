// #region ring-queue
/** First in, first out, in an array whose end meets its beginning: exercise 2. */
export class RingQueue<T> {
  #slots: (T | undefined)[] = new Array(16).fill(undefined);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    // The number of slots is a power of two, so the mask walks round.
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length += 1;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length -= 1;
    return item;
  }

  peek(): T | undefined {
    return this.at(0);
  }

  at(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)];
  }

  clear(): void {
    this.#slots = new Array(16).fill(undefined);
    this.#head = 0;
    this.#length = 0;
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let at = 0; at < this.#length; at += 1) yield this.at(at) as T;
  }

  #grow(): void {
    const items = [...this];
    this.#slots = [...items, ...new Array(items.length).fill(undefined)];
    this.#head = 0;
  }
}
// #endregion ring-queue
