import type { Segment } from './segment.ts';

// step 6.8: memory that goes round

/**
 * Segments begin with so many bytes, so that a quiet topic costs little, and double.
 */
export const MIN_SEGMENT_BYTES = 4096;
/**
 * They double up to so many bytes; only for a frame that is larger there is a larger
 * one.
 */
export const MAX_SEGMENT_BYTES = 1_048_576;

/** Where a log gets the memory of its segments, and where it gives it back. */
export interface SegmentMemory {
  /**
   * Memory of exactly so many bytes, if there is some; it need not be empty. Else the
   * log allocates its own.
   */
  take(size: number): Buffer | undefined;
  /**
   * The log has let this segment go: unless a slice of it is lent, its memory may be
   * written over.
   */
  give(segment: Segment): void;
}

/** How many of the largest segments are kept for later. */
const MAX_SPARES = 8;

/**
 * Memory that goes round. A fast log fills a megabyte in milliseconds: new memory each
 * time would keep the garbage collector busy, and the system, which has to find and
 * clear every page of it.
 *
 * Whoever reads a log that has it must set {@link Segment.lent} for what a socket has
 * not taken yet.
 */
// #region spare-memory
export class SpareMemory implements SegmentMemory {
  readonly #free: Buffer[] = [];

  take(size: number): Buffer | undefined {
    return size === MAX_SEGMENT_BYTES ? this.#free.pop() : undefined;
  }

  give({ bytes, lent }: Segment): void {
    if (!lent && bytes.length === MAX_SEGMENT_BYTES && this.#free.length < MAX_SPARES) this.#free.push(bytes);
  }
}
// #endregion spare-memory
