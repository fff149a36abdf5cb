/** Something whose size is known. */
export interface Sized {
  /** Bytes; set by {@link SizeClasses.resize} alone. */
  heldBytes: number;
}

/**
 * Things by their size, so that the largest are found without a walk over all: one set for each power of two. A change of
 * size costs the same however many there are, and what is found is at least half as large as the largest.
 */
export class SizeClasses<T extends Sized> {
  /** The sizes of all together, in bytes. */
  total = 0;
  readonly #classes: Set<T>[] = [];

  /** A thing has grown by so many bytes, or shrunk. What has no size is not held. */
  resize(thing: T, by: number): void {
    const before = classOf(thing.heldBytes);
    thing.heldBytes += by;
    this.total += by;
    const after = classOf(thing.heldBytes);
    if (before === after) return;
    this.#classes[before]?.delete(thing);
    if (after === 0) return;
    for (let i = this.#classes.length; i <= after; i++) this.#classes[i] = new Set();
    this.#classes[after]?.add(thing);
  }

  /**
   * The largest first, to within a factor of two. Sizes may change during the walk: what shrinks is met again among those
   * of its new size.
   */
  *largestFirst(): Generator<T> {
    for (let i = this.#classes.length - 1; i > 0; i--) yield* this.#classes[i] ?? [];
  }
}

/** 0 for nothing; else the number of binary digits. */
function classOf(bytes: number): number {
  return bytes <= 0 ? 0 : Math.floor(Math.log2(bytes)) + 1;
}
