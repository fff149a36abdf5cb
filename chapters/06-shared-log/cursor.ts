import type { Segment } from './segment.ts';
import type { TopicLog } from './topic-log.ts';

/**
 * A reader's place in a log. The log does not know its readers; each keeps its own place and moves on by
 * itself. All that a segment is told is how many cursors stand in it, so that it can be let go after the
 * last one has left.
 *
 * Invariant: `nextId` is the id of the next record to read. When `segment` is set, its frame at `position`
 * is the one that holds that record, or `position` is the end of what is sealed. `recordAt` is 0, or the
 * offset of that record when the frame's records before it have been read.
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

  /** Bytes of sealed frames that lie before it, unread. */
  get lagBytes(): number {
    if (this.segment === undefined) return this.nextId > this.#log.sealedId ? 0 : this.#log.bytes;
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
    // task 6.5: find a place in the log
    const log = this.#log;
    this.nextId = nextId;
    this.recordAt = 0;
    if (nextId > log.sealedId) {
      this.#enter(log.tail);
      this.position = log.tail?.sealed ?? 0;
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
    // task 6.6: go on to the next segment
    let segment = this.segment;
    if (segment === undefined) {
      if (this.nextId > this.#log.sealedId) return undefined;
      this.moveTo(this.nextId);
      segment = this.segment;
    }
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

  /** Leaves the log: the segment it stood in is free of it. */
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
