import type { Segment } from './segment.ts';
import type { TopicLog } from './topic-log.ts';

/**
 * A reader's place in a log. The log does not know its readers; each keeps its own place and moves on by
 * itself. All that a segment is told is how many cursors stand in it, so that it can be let go after the
 * last one has left.
 *
 * Invariant: `nextId` is the id of the next record to read. The frame of `segment` at `position` is the one
 * that holds that record, or `position` is the end of what is sealed there. `recordAt` is 0, or the offset of
 * that record when the frame's records before it have been read. A cursor that has not left always stands in a
 * segment: a log that is empty has an empty one for it. So what is unread is never collected.
 */
export class Cursor {
  segment: Segment | undefined;
  position = 0;
  recordAt = 0;
  nextId: number;

  readonly #log: TopicLog;

  /** Stands before the record `nextId`; see {@link Cursor.moveTo}. */
  constructor(log: TopicLog, nextId: number) {
    this.#log = log;
    this.nextId = nextId;
    this.moveTo(nextId);
  }

  /** Bytes of sealed frames that lie before it, unread; 0 when it has left. */
  get lagBytes(): number {
    if (this.segment === undefined) return 0;
    return this.#log.end - this.segment.base - this.position;
  }

  /** Sealed records that lie before it, unread. */
  get lag(): number {
    return this.#log.sealedId - this.nextId + 1;
  }

  /**
   * Moves before a record.
   *
   * @param nextId - at least the log's `firstId`, at most its `sealedId + 1`
   */
  // #region move-to
  moveTo(nextId: number): void {
    const log = this.#log;
    this.nextId = nextId;
    this.recordAt = 0;
    if (nextId > log.sealedId) {
      const last = log.last();
      this.#enter(last);
      this.position = last.sealed;
      return;
    }
    const segment = log.find(nextId);
    this.#enter(segment);
    if (segment === undefined) return;
    this.position = log.frameOf(segment, nextId);
    this.recordAt = log.recordIn(segment, this.position, nextId);
  }
  // #endregion move-to

  /**
   * Makes sure that there is something to read where it stands, going on to the next segment if need be.
   *
   * @returns the segment to read from `position`, or undefined at the end of what is sealed
   */
  // #region readable
  readable(): Segment | undefined {
    // task 6.3: go on to the next segment
    let segment = this.segment;
    while (segment !== undefined && this.position === segment.sealed) {
      // The tail may still grow: stay, so that what comes is found here.
      if (segment.next === undefined) return undefined;
      segment = segment.next;
      this.#enter(segment);
      this.position = 0;
    }
    return segment;
  }
  // #endregion readable

  /** Leaves the log: the segment it stood in is free of it, and there is nothing more to read. */
  leave(): void {
    this.#enter(undefined);
  }

  #enter(segment: Segment | undefined): void {
    if (segment === this.segment) return;
    if (this.segment !== undefined) this.segment.readers--;
    if (segment !== undefined) segment.readers++;
    this.segment = segment;
  }
}
