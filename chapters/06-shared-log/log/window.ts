import { Queue } from '#topics';

/** Ids that were delivered one after the other, both ends included. */
interface Run {
  firstId: number;
  lastId: number;
}

/**
 * How many delivered messages stand uncommitted, and how many may. Ids that were skipped were never delivered, so they
 * do not count.
 */
export class Window {
  /** How many may stand uncommitted; 0 for no limit, and then nothing is counted. */
  readonly size: number;
  /** How many do. */
  used = 0;
  // What was delivered and is not committed, oldest first. No run is empty, so there are no more than the window's size.
  readonly #runs = new Queue<Run>();

  constructor(size: number) {
    this.size = size;
  }

  /** How many messages may be delivered now. */
  get room(): number {
    return this.size === 0 ? Number.MAX_SAFE_INTEGER : this.size - this.used;
  }

  /** The messages `firstId` to `lastId` were delivered. */
  delivered(firstId: number, lastId: number): void {
    if (this.size === 0) return;
    this.#runs.push({ firstId, lastId });
    this.used += lastId - firstId + 1;
  }

  /** All messages up to `id` have been dealt with. */
  // #region commit
  commit(id: number): void {
    for (let run = this.#runs.peek(); run !== undefined && run.firstId <= id; run = this.#runs.peek()) {
      const done = Math.min(id, run.lastId);
      this.used -= done - run.firstId + 1;
      run.firstId = done + 1;
      if (done < run.lastId) return;
      this.#runs.shift();
    }
  }
  // #endregion commit
}
