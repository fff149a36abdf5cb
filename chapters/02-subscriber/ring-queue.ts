const SMALLEST = 8;
/** A queue that has emptied gives its slots back when it has more of them than this. */
const KEEP = 64;

/**
 * A first-in, first-out queue in which `push` and `shift` take the same short time however long it is.
 *
 * `Array.prototype.shift` moves every remaining element down by one, so emptying a long array with it costs
 * the square of its length. Here nothing moves. The slots form a ring: the head walks round it, and new
 * items go in behind the last.
 *
 * @typeParam T - what it holds
 */
export class RingQueue<T> {
  // Invariant: slots.length is 0 or a power of two, 0 <= length <= slots.length, and item i is in
  // slots[(head + i) & (slots.length - 1)]. Every other slot is undefined, so that nothing is kept alive.
  #slots: (T | undefined)[] = [];
  #head = 0;
  #length = 0;

  /** How many items it holds. */
  get length(): number {
    return this.#length;
  }

  /** Add an item behind the last. */
  push(item: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length += 1;
  }

  // #region shift
  /** Take out the first item; `undefined` when there is none. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length -= 1;
    if (this.#length === 0 && this.#slots.length > KEEP) this.clear();
    return item;
  }
  // #endregion shift

  /** Look at the first item; `undefined` when there is none. */
  peek(): T | undefined {
    return this.#slots[this.#head];
  }

  /** Look at item `index`, counted from 0 at the head; `undefined` outside of what it holds. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)];
  }

  /** Forget all items, and give back their slots. */
  clear(): void {
    this.#slots = [];
    this.#head = 0;
    this.#length = 0;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Array<T | undefined>(Math.max(SMALLEST, old.length * 2));
    slots.fill(undefined);
    for (let i = 0; i < this.#length; i += 1) slots[i] = old[(this.#head + i) & (old.length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
