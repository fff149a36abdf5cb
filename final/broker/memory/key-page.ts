/** Bytes of an entry: the key's hash, the entry after it in its chain, its time, and where its bytes begin. */
const ENTRY_BYTES = 16;
const WORDS = ENTRY_BYTES / 4;
/** Pages double up to so many bytes; only for a key that is longer there is a larger one. */
export const MAX_PAGE_BYTES = 65_536;
const MIN_PAGE_BYTES = 512;

/** Bytes that an object of the engine takes beside its memory, for what belongs to one page: measured. */
const OBJECT_BYTES = 400;

/**
 * Keys in the order in which they came: entries grow from the front, the bytes of the keys from the back. No object is made
 * for a key, so the garbage collector has nothing to do with them, however many there are.
 */
export class KeyPage {
  /** How many keys it holds. */
  count = 0;
  /** How many of them, the oldest ones, are forgotten. */
  forgotten = 0;
  readonly bytes: Buffer;
  readonly #words: Int32Array;
  readonly #time: number;
  #free: number;

  /** @param time - of its first key, in milliseconds */
  constructor(bytes: Buffer, time: number) {
    this.bytes = bytes;
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
    this.#time = time;
    this.#free = bytes.length;
  }

  /** What it takes of memory. */
  get heldBytes(): number {
    return this.bytes.length + OBJECT_BYTES;
  }

  /** How large the page after it must be, for a key of so many bytes to be the first in it. */
  static sizeAfter(page: KeyPage | undefined, keyBytes: number): number {
    const usual = Math.min(MAX_PAGE_BYTES, Math.max(MIN_PAGE_BYTES, 2 * (page?.bytes.length ?? 0)));
    return Math.max(usual, (ENTRY_BYTES + keyBytes + 3) & ~3);
  }

  /** Whether there is room for one more key, of so many bytes, that came at this time. */
  hasRoom(keyBytes: number, time: number): boolean {
    return (this.count + 1) * ENTRY_BYTES + keyBytes <= this.#free && time - this.#time <= 0x7fffffff;
  }

  /** Adds the key `source[from, to)`, for which there is room. @returns its slot */
  add(hash: number, next: number, time: number, source: Buffer, from: number, to: number): number {
    this.#free -= to - from;
    source.copy(this.bytes, this.#free, from, to);
    const slot = this.count++;
    const words = this.#words;
    const at = slot * WORDS;
    words[at] = hash;
    words[at + 1] = next;
    words[at + 2] = time - this.#time;
    words[at + 3] = this.#free;
    return slot;
  }

  /** Whether the key in a slot is `source[from, to)`. */
  holds(slot: number, source: Buffer, from: number, to: number): boolean {
    const words = this.#words;
    const start = words[slot * WORDS + 3] as number;
    const end = slot === 0 ? this.bytes.length : (words[slot * WORDS - 1] as number);
    return end - start === to - from && this.bytes.compare(source, from, to, start, end) === 0;
  }

  hash(slot: number): number {
    return this.#words[slot * WORDS] as number;
  }

  /** The entry after this one in its chain. */
  next(slot: number): number {
    return this.#words[slot * WORDS + 1] as number;
  }

  setNext(slot: number, next: number): void {
    this.#words[slot * WORDS + 1] = next;
  }

  /** When the key came, in milliseconds. */
  time(slot: number): number {
    return this.#time + (this.#words[slot * WORDS + 2] as number);
  }
}
