/**
 * One value as every receiver gets it. The object is made once, when the value is published, and handed to
 * all receivers, so that reading allocates nothing.
 */
export interface Value<T> {
  /** What was published. Shared by all receivers: do not change it. */
  readonly value: T;
}

/**
 * The shared memory of a broadcast channel: the last `capacity` values, each under its sequence number.
 *
 * Sequence numbers count up from 0 and are never used twice. The value with number `s` lives in slot
 * `s % capacity`, so a new value takes the place of the one that is `capacity` older.
 *
 * Each slot also counts the readers that have not read it yet. The last one to read it empties it. A value
 * is therefore held while somebody still has to read it, and never longer than `capacity` further puts.
 */
export class Ring<T> {
  readonly capacity: number;
  /** Readers that will get the next value. */
  readers = 0;
  /** True when nothing more will be put. */
  closed = false;
  readonly #slots: Array<Value<T> | undefined>;
  readonly #unread: Uint32Array;
  // Invariant: numbers from `oldest` up to, not including, `#next` are kept, or were read by all.
  #next = 0;

  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1 || capacity > 0x1000000) {
      throw new RangeError(`capacity must be a whole number from 1 to 16777216, got ${capacity}`);
    }
    this.capacity = capacity;
    this.#slots = new Array<Value<T> | undefined>(capacity).fill(undefined);
    this.#unread = new Uint32Array(capacity);
  }

  /** The number that the next value will get: one past the newest. */
  get next(): number {
    return this.#next;
  }

  /** The lowest number that is not overwritten yet. */
  get oldest(): number {
    return Math.max(0, this.#next - this.capacity);
  }

  // #region put
  /** Store a value, over the oldest one when the ring is full. Costs the same however many readers there are. */
  put(value: T): void {
    // task 3.1: put a value into the ring
    const slot = this.#next % this.capacity;
    this.#slots[slot] = { value };
    this.#unread[slot] = this.readers;
    this.#next += 1;
  }
  // #endregion put

  /**
   * Read the value `sequence` for one reader. The caller has checked that
   * `oldest <= sequence < next`, and takes each number at most once.
   */
  take(sequence: number): Value<T> | undefined {
    const slot = sequence % this.capacity;
    const value = this.#slots[slot];
    this.#settle(slot);
    return value;
  }

  /** One reader gives up what it has not read: the numbers `from` up to, not including, `to`. */
  release(from: number, to: number): void {
    for (let sequence = Math.max(from, this.oldest); sequence < to; sequence += 1) {
      this.#settle(sequence % this.capacity);
    }
  }

  /** One reader less owes this slot a read; the last one empties it, so that the value can be collected. */
  #settle(slot: number): void {
    const left = (this.#unread[slot] ?? 0) - 1;
    this.#unread[slot] = left;
    if (left === 0) this.#slots[slot] = undefined;
  }
}
