/**
 * First in, first out, the short way: an array, and its own `shift`. The first thing to
 * build in chapter 2, and the first to be replaced: emptying a long one takes the
 * square of its length.
 *
 * It promises what `Queue` promises, so that the same tests hold both.
 */
export class ArrayQueue<T> {
  // step 2.1: a queue, the short way
  // #region array-queue
  readonly #items: T[] = [];

  /** How many items it holds. */
  get length(): number {
    return this.#items.length;
  }

  /** Adds an item behind the last. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes out the first item; `undefined` when there is none. */
  shift(): T | undefined {
    return this.#items.shift();
  }

  /** The first item, which stays; `undefined` when there is none. */
  peek(): T | undefined {
    return this.#items[0];
  }

  /**
   * The item at a place counted from the first, which is 0; `undefined` where there is
   * none.
   */
  at(index: number): T | undefined {
    return this.#items[index];
  }

  /** Forgets all items. */
  clear(): void {
    this.#items.length = 0;
  }

  /** The items from the first to the last. They stay. */
  [Symbol.iterator](): Iterator<T, void, undefined> {
    return this.#items.values();
  }
  // #endregion array-queue
}
