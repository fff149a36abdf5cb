/** Dead places in front that are borne before what is left is moved down. */
const SLACK = 32;

/**
 * First in, first out; `push` and `shift` take the same short time however much it
 * holds.
 *
 * `Array.prototype.shift` moves every item that is left, so emptying a long array with
 * it costs the square of its length. Here only a head moves, and now and then the rest:
 * when half of the places are dead, so an item is moved once for each time that it was
 * pushed.
 */
export class Queue<T> {
  // step 2.2: a queue whose head moves
  // #region queue
  // Invariant: what it holds is #items[#head...]; the places before #head are
  // undefined, so they keep nothing alive.
  #items: (T | undefined)[] = [];
  #head = 0;

  /** How many items it holds. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an item behind the last. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes out the first item; `undefined` when there is none. */
  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > SLACK && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** The first item, which stays; `undefined` when there is none. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /**
   * The item at a place counted from the first, which is 0; `undefined` where there is
   * none. It stays.
   */
  at(index: number): T | undefined {
    return index < 0 ? undefined : this.#items[this.#head + index];
  }

  /** Forgets all items. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** The items from the first to the last. They stay. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let at = this.#head; at < this.#items.length; at++) yield this.#items[at] as T;
  }
  // #endregion queue
}
