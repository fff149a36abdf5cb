import { viewOf } from '#framing';

/** The memory of a segment that holds nothing. */
export const NO_BYTES: Buffer = Buffer.alloc(0);

/** Where the first frame of a millisecond begins. */
interface Mark {
  readonly time: number;
  readonly firstId: number;
  readonly position: number;
}

/**
 * A stretch of a topic's log: MESSAGES frames, one behind the other, ready to be sent.
 * Segments are a linked list that leads forward, as in the seed psa: a reader follows
 * `next` and asks nobody.
 *
 * It is filled once, from front to back. A socket may go on sending a slice of it after
 * the log has let it go: then the slice keeps the memory alive until its last byte is
 * out.
 */
export class Segment {
  /** The frames. Only the bytes before {@link Segment.sealed} are complete. */
  bytes: Buffer;
  /** The same memory, for copying a few bytes at a time. */
  view: DataView;
  /** Where it begins in the log, in bytes since the topic began. */
  readonly base: number;
  /** The last id that is sealed in it; while there is none, the last one before it. */
  lastId: number;
  /** How many of its bytes are complete frames. Readers stop here. */
  sealed = 0;
  /** How many cursors stand in it. */
  readers = 0;
  /**
   * True once a slice of it was handed to somebody who may still hold it: then its
   * memory is never written over. Whoever gives a log a memory that goes round
   * (`SegmentMemory`) must set this when a socket has not taken all of a slice.
   */
  lent = false;
  /** The segment after it. */
  next: Segment | undefined;

  // Invariant: from one mark to the next, time, id and position all grow.
  readonly #marks: Mark[] = [];
  #slice = NO_BYTES;
  #sliceFrom = 0;

  constructor(bytes: Buffer, base: number, lastId: number) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.base = base;
    this.lastId = lastId;
  }

  /** Makes the frame from {@link Segment.sealed} to `end` readable. */
  seal(end: number, firstId: number, lastId: number, time: number): void {
    // step 6.3: a segment and its marks
    if (this.#marks.at(-1)?.time !== time) this.#marks.push({ time, firstId, position: this.sealed });
    this.sealed = end;
    this.lastId = lastId;
  }

  /**
   * The log has let it go: a cursor that stands here keeps neither its memory nor the
   * segments after it.
   */
  drop(): void {
    // step 6.3: a segment and its marks
    this.bytes = this.#slice = NO_BYTES;
    this.view = viewOf(NO_BYTES);
    this.next = undefined;
  }

  // #region slice
  /**
   * The sealed bytes from `from` on, as a view. All readers that keep up ask for the
   * same one, so they share it.
   */
  slice(from: number): Buffer {
    // step 6.3: a segment and its marks
    if (this.#sliceFrom !== from || this.#slice.length !== this.sealed - from) {
      this.#slice = this.bytes.subarray(from, this.sealed);
      this.#sliceFrom = from;
    }
    return this.#slice;
  }
  // #endregion slice

  /**
   * The offset of a frame that is, or lies before, the one that holds `id`: where to
   * begin to look for it.
   */
  positionBefore(id: number): number {
    // step 6.3: a segment and its marks
    return this.#marks[this.#countMarks((mark) => mark.firstId <= id) - 1]?.position ?? 0;
  }

  /**
   * The first id of a frame that was begun after the time `oldest`; `lastId + 1` when
   * none was.
   */
  firstIdAfter(oldest: number): number {
    // step 6.3: a segment and its marks
    return this.#marks[this.#countMarks((mark) => mark.time <= oldest)]?.firstId ?? this.lastId + 1;
  }

  // #region search
  /** How many marks, from the front, are `early`. */
  #countMarks(early: (mark: Mark) => boolean): number {
    // step 6.3: a segment and its marks
    let low = 0;
    let high = this.#marks.length;
    // Invariant: all marks before `low` are early; none from `high` on is.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (early(this.#marks[middle] as Mark)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  // #endregion search
}
