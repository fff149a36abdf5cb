import { checkWhole } from '#framing';

/** The most values that a ring can be made for. */
export const LARGEST_CAPACITY = 16_777_216;

// #region ring
/**
 * The shared memory of a broadcast channel: the last `capacity` values, each under its
 * sequence number.
 *
 * Sequence numbers count up from 0 and are never used twice. The value with number `s`
 * lives in slot `s % capacity`, so a new value takes the place of the one that is
 * `capacity` older.
 *
 * Each slot also counts the readers that have not read it yet. The last one to read it
 * empties it. A value is therefore held while somebody still has to read it, and never
 * longer than for `capacity` further values.
 */
export class Ring<T> {
  // step 3.2: the last values, each in its place

  readonly capacity: number;
  /** Readers that will get the next value. */
  readers = 0;
  readonly #slots: (T | undefined)[];
  readonly #unread: Uint32Array;
  // Invariant: numbers from `oldest` up to, not including, `#next` are kept, or were
  // read by all.
  #next = 0;

  /**
   * @throws OptionError for a capacity that is not a whole number from 1 to 16,777,216
   */
  constructor(capacity: number) {
    this.capacity = checkWhole('capacity', capacity, 1, LARGEST_CAPACITY);
    this.#slots = new Array<T | undefined>(capacity).fill(undefined);
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

  /**
   * Stores a value, over the oldest one when the ring is full. Costs the same however
   * many readers there are.
   */
  put(value: T): void {
    const slot = this.#next % this.capacity;
    this.#slots[slot] = value;
    this.#unread[slot] = this.readers;
    this.#next += 1;
  }

  /**
   * Reads the value `sequence` for one reader. The caller has checked that `oldest <=
   * sequence < next`, and takes each number at most once.
   */
  take(sequence: number): T | undefined {
    const slot = sequence % this.capacity;
    const value = this.#slots[slot];
    this.#settle(slot);
    return value;
  }

  /**
   * One reader gives up what it has not read: the numbers `from` up to, not including,
   * `to`.
   */
  release(from: number, to: number): void {
    for (let sequence = Math.max(from, this.oldest); sequence < to; sequence += 1) {
      this.#settle(sequence % this.capacity);
    }
  }

  /**
   * One reader less owes this slot a read; the last one empties it, so that the value
   * can be collected.
   */
  #settle(slot: number): void {
    const left = (this.#unread[slot] ?? 0) - 1;
    this.#unread[slot] = left;
    if (left === 0) this.#slots[slot] = undefined;
  }
}
// #endregion ring
