/**
 * The last ids of topics that are gone, so that their ids go on when they come back, and no id is given out twice. It
 * remembers so many names; what is pushed out raises the floor, after which topics that it does not know begin.
 *
 * Invariant: every id that was given out for a topic that is gone is at most what {@link PastIds.of} tells for its name.
 */
export class PastIds {
  readonly #max: number;
  // In the order in which they went.
  readonly #ids = new Map<string, number>();
  #floor = 0;

  /** @param max - how many names it remembers */
  constructor(max: number) {
    this.#max = max;
  }

  /** How many names it remembers now. */
  get size(): number {
    return this.#ids.size;
  }

  /** The last id of a topic that is not there, or the floor when nothing is known of it. */
  of(topic: string): number {
    return this.#ids.get(topic) ?? this.#floor;
  }

  /** The topic has gone; this was its last id. */
  remember(topic: string, lastId: number): void {
    // Nothing was published there: it may begin where every unknown topic does.
    if (lastId === 0 || lastId === this.#floor) return;
    this.#ids.set(topic, lastId);
    if (this.#ids.size <= this.#max) return;
    const [[oldest, id] = ['', 0]] = this.#ids;
    this.#ids.delete(oldest);
    this.#floor = Math.max(this.#floor, id);
  }

  /** The topic has come back, and knows its ids itself. */
  forget(topic: string): void {
    this.#ids.delete(topic);
  }
}
