/** What a `ReadyHeap` holds. The heap alone writes these two fields. */
export interface HeapItem {
  /** Where it is in the heap; -1 when it is not in one. */
  place: number;
  /** What it is sorted by. */
  rank: number;
}

/**
 * The items that are ready, the lowest rank first. It is a binary heap: finding the first costs nothing, and
 * adding, moving and removing cost the logarithm of how many there are.
 */
export class ReadyHeap<T extends HeapItem> {
  // Invariant: items[i].place === i, and no item ranks below its parent, items[(i - 1) >> 1].
  readonly #items: T[] = [];

  /** The item of lowest rank. */
  get first(): T | undefined {
    return this.#items[0];
  }

  /** Put an item in, or move it to where its new rank belongs. */
  set(item: T, rank: number): void {
    if (item.place < 0) {
      item.place = this.#items.length;
      this.#items.push(item);
    }
    item.rank = rank;
    this.#rise(item);
    this.#sink(item);
  }

  /** Take an item out, if it is in. */
  remove(item: T): void {
    if (item.place < 0) return;
    const place = item.place;
    const last = this.#items.pop();
    item.place = -1;
    if (last === undefined || last === item) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }

  #rise(item: T): void {
    while (item.place > 0) {
      const place = item.place;
      const parent = this.#items[(place - 1) >> 1];
      if (parent === undefined || parent.rank <= item.rank) return;
      this.#put(parent, place);
      this.#put(item, (place - 1) >> 1);
    }
  }

  #sink(item: T): void {
    for (;;) {
      const place = item.place;
      const left = this.#items[2 * place + 1];
      const right = this.#items[2 * place + 2];
      const child = right !== undefined && left !== undefined && right.rank < left.rank ? right : left;
      if (child === undefined || child.rank >= item.rank) return;
      const below = child.place;
      this.#put(child, place);
      this.#put(item, below);
    }
  }
}
