import { frameEnd, recordsEnd } from './message-frame.ts';
import { NO_BYTES, Segment } from './segment.ts';
import type { SegmentLog } from './segment-log.ts';

// step 6.5: a cursor walks from segment to segment

/** Where a cursor stands that has left its log. */
const NOWHERE = new Segment(NO_BYTES, 0, 0);

/**
 * A reader's place in a log of segments: which segment, which byte, which id. It walks
 * along the list by itself; the log knows only how many stand in each segment.
 *
 * Invariant: in `segment` the frame at #position holds the record `nextId`, or
 * #position is the end of what is sealed there. #recordAt is the offset of that record,
 * or 0 when it is the first of its frame.
 */
export class Cursor {
  // #region place
  /**
   * The segment in which it stands. After a read it is the one that the bytes lie in,
   * if they were not copied.
   */
  segment = NOWHERE;
  /** The id of the next record to read, if the log still has it. */
  nextId = 0;
  readonly #log: SegmentLog;
  #position = 0;
  #recordAt = 0;
  // What was sealed when it came.
  readonly #joinedAt: number;
  readonly #joinedId: number;

  constructor(log: SegmentLog, nextId: number) {
    this.#log = log;
    this.#joinedAt = log.end;
    this.#joinedId = log.sealedId;
    this.moveTo(nextId);
  }

  /**
   * Bytes that were sealed since this cursor was made, and are not read. What lay there
   * before that is no sign of a slow reader: it has not had a chance to read it
   * (docs/decisions/0004). A frame that is read in part counts as a whole.
   */
  get lagBytes(): number {
    return this.#log.end - Math.max(this.segment.base + this.#position, this.#joinedAt);
  }

  /** Messages that were sealed since this cursor was made, and are not read. */
  get lagMessages(): number {
    return this.#log.sealedId - Math.max(this.nextId - 1, this.#joinedId);
  }
  // #endregion place

  // #region move-to
  /**
   * Moves before another record: one from the log's `firstId` to its `sealedId + 1`.
   */
  moveTo(nextId: number): void {
    const { frames, sealedId, tail } = this.#log;
    this.nextId = nextId;
    this.#recordAt = 0;
    this.#enter(nextId > sealedId ? tail : this.#log.find(nextId), tail.sealed);
    if (nextId > sealedId) return;
    // From the nearest mark go on frame by frame, then record by record.
    const { bytes } = this.segment;
    let at = this.segment.positionBefore(nextId);
    while (frames.lastId(bytes, at) < nextId) at = frameEnd(bytes, at);
    const skip = nextId - frames.firstId(bytes, at);
    this.#position = at;
    if (skip > 0) this.#recordAt = recordsEnd(bytes, at + frames.headerSize, skip);
  }
  // #endregion move-to

  // #region read
  /**
   * The next frames, ready to be sent, and moves behind them. Begins at the log's
   * `firstId` when that is beyond `nextId`. Whole frames come uncopied; without a
   * limit, all that lies in a segment at once.
   *
   * @param limit - how many records it may have at most, 1 or more; all of them, unless
   * told
   * @returns `undefined` when it has read everything that is sealed
   */
  read(limit: number = Number.MAX_SAFE_INTEGER): Buffer | undefined {
    if (this.nextId < this.#log.firstId && this.segment !== NOWHERE) this.moveTo(this.#log.firstId);
    while (this.#position === this.segment.sealed) {
      // The last segment may still grow: stay, so that what comes is found here.
      if (this.segment === this.#log.tail || this.segment === NOWHERE) return undefined;
      // One that the log has let go leads nowhere: the segment after it is found by the
      // id.
      this.#enter(this.segment.next ?? this.#log.find(this.nextId), 0);
    }
    const { segment } = this;
    if (this.#recordAt > 0 || segment.lastId - this.nextId >= limit)
      return this.#readFrame(segment.bytes, limit);
    const slice = segment.slice(this.#position);
    this.#position = segment.sealed;
    this.nextId = segment.lastId + 1;
    return slice;
  }
  // #endregion read

  // #region leave
  /** Leaves the log for good: nothing is kept for this reader any more. */
  leave(): void {
    this.#enter(NOWHERE, 0);
  }

  #enter(segment: Segment, position: number): void {
    this.segment.readers--;
    segment.readers++;
    this.segment = segment;
    this.#position = position;
  }
  // #endregion leave

  // #region frame
  /**
   * One frame; or as many of its records as the limit allows, in a frame made for this
   * reader alone.
   */
  #readFrame(bytes: Buffer, limit: number): Buffer {
    // step 6.6: a part of a frame
    const { frames } = this.#log;
    const firstId = this.nextId;
    const start = this.#position;
    const left = frames.lastId(bytes, start) - firstId + 1;
    const isWhole = this.#recordAt === 0 && left <= limit;
    const count = Math.min(left, limit);
    const from = this.#recordAt || start + frames.headerSize;
    const to = isWhole ? frameEnd(bytes, start) : recordsEnd(bytes, from, count);
    this.nextId += count;
    this.#recordAt = count < left ? to : 0;
    if (count === left) this.#position = to;
    return isWhole ? bytes.subarray(start, to) : frames.cut(bytes, from, to, firstId, count);
  }
  // #endregion frame
}
