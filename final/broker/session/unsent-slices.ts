import type { SharedMemory } from '../memory/buffered-memory.ts';

/** Of memory that is no larger than this much more than what is sent of it, nothing is noted. */
const SPARE_BYTES = 16_384;

// Memory is known by a number: what is noted here must not keep it alive.
const numbers = new WeakMap<ArrayBufferLike, number>();
let lastNumber = 0;

/** A slice of a larger memory that a socket had not taken when it was written. */
interface Slice {
  readonly bytes: number;
  readonly memory: number;
  readonly memoryBytes: number;
  /** Bytes that the connection was given up to its end. */
  readonly end: number;
}

/** What waits in a socket may be little, and yet hold much: a few bytes of a segment keep all of it in memory. */
export class UnsentSlices {
  // In the order in which they were written.
  readonly #slices: Slice[] = [];

  /** Whether such bytes hold more than themselves. */
  static isSlice({ length, buffer }: Uint8Array): boolean {
    return buffer.byteLength > length + SPARE_BYTES;
  }

  /**
   * The socket has not taken all of a slice.
   *
   * @param end - bytes that it was given so far
   * @param sent - bytes of these that it has taken
   */
  add({ length, buffer }: Uint8Array, end: number, sent: number): void {
    this.#forget(sent);
    const memory = numbers.get(buffer) ?? ++lastNumber;
    numbers.set(buffer, memory);
    this.#slices.push({ bytes: length, memory, memoryBytes: buffer.byteLength, end });
  }

  /**
   * Tells of all memory that is held by what is not sent.
   *
   * @returns how many bytes wait, and how many bytes of memory they hold
   */
  measure(sent: number, shared: SharedMemory): { readonly bytes: number; readonly lent: number } {
    this.#forget(sent);
    const memories = new Map<number, number>();
    let bytes = 0;
    for (const slice of this.#slices) {
      bytes += slice.bytes;
      memories.set(slice.memory, slice.memoryBytes);
      shared.set(slice.memory, slice.memoryBytes);
    }
    let lent = 0;
    for (const size of memories.values()) lent += size;
    return { bytes, lent };
  }

  #forget(sent: number): void {
    let gone = 0;
    while (gone < this.#slices.length && (this.#slices[gone] as Slice).end <= sent) gone++;
    if (gone > 0) this.#slices.splice(0, gone);
  }
}
