import { Queue } from '#topics';

// step 6.9: a window of uncommitted ids

/**
 * How many delivered messages stand uncommitted, and how many may. Ids that were
 * skipped were never delivered, so they do not count.
 */
export class Window {
  /** How many may stand uncommitted; 0 for no limit, and then nothing is counted. */
  readonly size: number;
  // The ids that do, oldest first.
  readonly #ids = new Queue<number>();

  constructor(size: number) {
    this.size = size;
  }

  /** How many stand uncommitted. */
  get used(): number {
    return this.#ids.length;
  }

  /** How many messages may be delivered now. */
  get room(): number {
    return this.size === 0 ? Number.MAX_SAFE_INTEGER : this.size - this.used;
  }

  /** The messages `firstId` to `lastId` were delivered. */
  delivered(firstId: number, lastId: number): void {
    for (let id = firstId; id <= lastId && this.size > 0; id++) this.#ids.push(id);
  }

  /** All messages up to `id` have been dealt with. */
  // #region commit
  commit(id: number): void {
    while ((this.#ids.peek() ?? Number.POSITIVE_INFINITY) <= id) this.#ids.shift();
  }
  // #endregion commit
}
