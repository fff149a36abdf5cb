/**
 * How many delivered messages stand uncommitted, and how many may. Ids that were skipped were never delivered,
 * so they do not count.
 */
export class Window {
  /** How many may stand uncommitted; 0 for no limit. */
  readonly size: number;
  /** How many do. Not counted, and 0, when there is no limit. */
  used = 0;

  // Invariant: used = (ids from #committed + 1 to the last one sent) - (ids in #gaps).
  #committed: number;
  #gaps: { fromId: number; toId: number }[] | undefined;

  /** @param committed - the id before the first one that will be sent */
  constructor(size: number, committed: number) {
    this.size = size;
    this.#committed = committed;
  }

  /** How many messages may be sent now. */
  get room(): number {
    return this.size === 0 ? Number.MAX_SAFE_INTEGER : this.size - this.used;
  }

  /** Everything up to this id has been dealt with. */
  get committed(): number {
    return this.#committed;
  }

  /** So many messages were sent. */
  sent(count: number): void {
    if (this.size > 0) this.used += count;
  }

  /** These ids come next and will not be sent. */
  skip(fromId: number, toId: number): void {
    if (this.size === 0) return;
    this.#gaps ??= [];
    const last = this.#gaps.at(-1);
    // Between two gaps something was sent, so there are never more of them than the window has places.
    if (last !== undefined && last.toId + 1 === fromId) last.toId = toId;
    else this.#gaps.push({ fromId, toId });
  }

  /** Everything up to `id` has been dealt with; `id` is at most the last one that was sent or skipped. */
  commit(id: number): void {
    if (id <= this.#committed) return;
    let done = id - this.#committed;
    for (const gap of this.#gaps ?? []) {
      const from = Math.max(gap.fromId, this.#committed + 1);
      const to = Math.min(gap.toId, id);
      if (to >= from) done -= to - from + 1;
    }
    this.#gaps = this.#gaps?.filter((gap) => gap.toId > id);
    this.#committed = id;
    if (this.size > 0) this.used -= done;
  }
}
