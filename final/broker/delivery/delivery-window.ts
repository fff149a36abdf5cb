import { Queue } from '#topics';
import type { IdRange } from './group-member.ts';

/**
 * How many delivered messages stand uncommitted, and how many may: what the course's `Window` does, for windows of any size. Ids
 * are kept as ranges, so that a client that never commits costs no more than one that does. Ids that were skipped were
 * never delivered, so they do not count.
 */
export class DeliveryWindow {
  /** How many may stand uncommitted; 0 for no limit, and then nothing is counted. */
  readonly size: number;
  /** How many stand uncommitted. */
  used = 0;
  // The ids that do, oldest first. Made when first needed: many readers have no window.
  #ranges: Queue<IdRange> | undefined;

  constructor(size: number) {
    this.size = size;
  }

  /** How many messages may be delivered now. */
  get room(): number {
    return this.size === 0 ? Number.MAX_SAFE_INTEGER : this.size - this.used;
  }

  /** The messages `from` to `to` were delivered. */
  delivered(from: number, to: number): void {
    if (this.size === 0 || to < from) return;
    this.used += to - from + 1;
    this.#ranges ??= new Queue();
    const last = this.#ranges.at(this.#ranges.length - 1);
    if (last?.to === from - 1) last.to = to;
    else this.#ranges.push({ from, to });
  }

  /** All messages up to `id` have been dealt with. */
  commit(id: number): void {
    for (let oldest = this.#ranges?.peek(); oldest !== undefined; oldest = this.#ranges?.peek()) {
      if (oldest.from > id) return;
      const upTo = Math.min(oldest.to, id);
      this.used -= upTo - oldest.from + 1;
      oldest.from = upTo + 1;
      if (oldest.from <= oldest.to) return;
      this.#ranges?.shift();
    }
  }
}
