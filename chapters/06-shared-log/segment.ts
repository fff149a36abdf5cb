/** The first segment of a topic is this small, so that a quiet topic costs little. */
export const MIN_SEGMENT_SIZE = 4096;

/** Segments double up to this size. */
export const MAX_SEGMENT_SIZE = 1_048_576;

/** Bytes of large segments that were let go, to be filled again. */
const spares: Buffer[] = [];

/** How many of them are kept. */
const MAX_SPARES = 8;

const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/**
 * A stretch of a topic's log: MESSAGES frames, one after the other, ready to be sent. Segments form a linked
 * list, as in the seed psa: a reader follows `next` and asks nobody.
 *
 * A segment is filled once and never written over while somebody may read it. A socket may go on sending a slice
 * of it after the log has let it go: then the slice keeps the memory alive until its last byte is out. Only bytes
 * of which every slice is known to be out are filled again.
 */
export class Segment {
  /** The frames. Only the bytes before {@link Segment.sealed} are complete. */
  bytes: Buffer;
  /** The same memory, for copying a few bytes at a time. */
  view: DataView;
  /** Where this segment begins in the log, in bytes since the topic began. */
  readonly base: number;
  /** The id that its first record has. */
  readonly firstId: number;
  /** The id of the last record of its last sealed frame; `firstId - 1` while there is none. */
  lastId: number;
  /** How many of its bytes are complete frames. Readers stop here. */
  sealed = 0;
  /** How many cursors stand in it. */
  readers = 0;
  /** True once a slice of it has been handed out that may not be with the operating system yet. */
  lent = false;
  /** The segment after it. */
  next: Segment | undefined;

  // A small index: where the first frame of each millisecond lies. Invariant: the three lists have the same
  // length, and their values never fall from one entry to the next.
  #ids: number[] = [];
  #positions: number[] = [];
  #times: number[] = [];

  // The last slice that was asked for. All subscribers that keep up ask for the same one, so they share it.
  #slice: Buffer | undefined;
  #sliceFrom = 0;

  constructor(capacity: number, base: number, firstId: number) {
    this.bytes = capacity === 0 ? NO_BYTES : takeBytes(capacity);
    this.view = capacity === 0 ? NO_VIEW : new DataView(this.bytes.buffer, this.bytes.byteOffset, capacity);
    this.base = base;
    this.firstId = firstId;
    this.lastId = firstId - 1;
  }

  /** Offset in the log after the last sealed byte. */
  get end(): number {
    return this.base + this.sealed;
  }

  /** Bytes of sealed frames that it holds. */
  get held(): number {
    return this.bytes.length === 0 ? 0 : this.sealed;
  }

  /** The log has let it go, and no cursor stands in it: its bytes may be filled again if nobody else has them. */
  recycle(): void {
    if (this.lent || this.bytes.length !== MAX_SEGMENT_SIZE || spares.length === MAX_SPARES) return;
    spares.push(this.bytes);
    this.release();
  }

  /**
   * Lets go of its bytes, which everybody has read. It stays as the place where cursors stand that wait for
   * more; what is published next goes into a new segment.
   */
  release(): void {
    this.bytes = NO_BYTES;
    this.view = NO_VIEW;
    this.#ids = [];
    this.#positions = [];
    this.#times = [];
    this.#slice = undefined;
  }

  /** Makes the frame from {@link Segment.sealed} to `end` readable. */
  seal(end: number, firstId: number, lastId: number, time: number): void {
    if (this.#times.at(-1) !== time) {
      this.#ids.push(firstId);
      this.#positions.push(this.sealed);
      this.#times.push(time);
    }
    this.sealed = end;
    this.lastId = lastId;
  }

  /** The sealed bytes from `from` on, as a view: nothing is copied. */
  slice(from: number): Buffer {
    const cached = this.#slice;
    if (cached !== undefined && this.#sliceFrom === from && cached.length === this.sealed - from)
      return cached;
    const slice = this.bytes.subarray(from, this.sealed);
    this.#slice = slice;
    this.#sliceFrom = from;
    return slice;
  }

  /**
   * Where to begin looking for an id: the last indexed position whose first id is not above it.
   * Takes a number of steps that grows with the logarithm of the index.
   */
  // #region search
  positionBefore(id: number): number {
    let low = 0;
    let high = this.#ids.length;
    // Invariant: every entry before `low` begins at or before the id, every entry from `high` on after it.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] as number) <= id) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (this.#positions[low - 1] as number);
  }
  // #endregion search

  /**
   * The first id that is still young enough.
   *
   * @param oldest - a time; what was sealed at it or before it is too old
   * @returns `lastId + 1` when all of the segment is too old
   */
  firstIdAfter(oldest: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] as number) <= oldest) low = middle + 1;
      else high = middle;
    }
    return this.#ids[low] ?? this.lastId + 1;
  }
}

/** Large allocations are what keeps the garbage collector busy in a fast log, so the bytes go round. */
function takeBytes(capacity: number): Buffer {
  return (capacity === MAX_SEGMENT_SIZE ? spares.pop() : undefined) ?? Buffer.allocUnsafeSlow(capacity);
}
