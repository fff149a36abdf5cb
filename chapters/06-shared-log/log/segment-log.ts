import { checkWhole, copyBytes, HEADER_SIZE } from '#framing';
import { MAX_RECORDS } from '#protocol';
import { MessageFrames } from './message-frame.ts';
import { NO_BYTES, Segment } from './segment.ts';
import { MAX_SEGMENT_BYTES, MIN_SEGMENT_BYTES, type SegmentMemory } from './segment-memory.ts';

/** What a {@link SegmentLog} must know. */
export interface SegmentLogOptions {
  readonly topic: string;
  /** The largest frame that may go out, in bytes as its size field counts them. */
  readonly maxFrameSize: number;
  /**
   * How many bytes of sealed frames are retained at most, exceeded by less than one
   * segment.
   */
  readonly maxRetainedBytes: number;
  /**
   * Where segments get their memory. @defaultValue the engine, and its garbage
   * collector
   */
  readonly memory?: SegmentMemory;
}

/**
 * The log of one topic, in segments. Records are appended to an open frame;
 * {@link SegmentLog.seal} closes it. Readers see sealed frames only: a socket may ask
 * for more in the middle of a turn, and half a frame must never go out.
 *
 * Source: the seed psa's master log, with what its list of things to do asks for:
 * collection and resuming.
 */
export class SegmentLog {
  // step 6.4: the open frame, and its seal
  // #region fields
  readonly frames: MessageFrames;
  /** The most bytes of records that fit into one frame. */
  readonly maxRecordBytes: number;
  /** The oldest segment that is kept. */
  head = new Segment(NO_BYTES, 0, 0);
  /** The segment that is written to. */
  tail = this.head;
  /** The oldest id that is still kept; `sealedId + 1` when nothing is. */
  firstId = 1;
  /** The newest id that was given out; 0 when there is none. */
  lastId = 0;
  /** The newest id that readers may see. */
  sealedId = 0;
  /** Bytes that were ever sealed: the offset at which the next frame will begin. */
  end = 0;
  readonly #maxRetainedBytes: number;
  readonly #memory: SegmentMemory | undefined;

  // The open frame. Its records lie in the tail, from tail.sealed + frames.headerSize to
  // its #writeAt, and may go on up to #writeEnd. Its ids are those from sealedId + 1 to
  // lastId; when these are the same there is none.
  #writeAt = 0;
  #writeEnd = 0;
  #openedAt = 0;

  constructor({ topic, maxFrameSize, maxRetainedBytes, memory }: SegmentLogOptions) {
    this.frames = new MessageFrames(topic);
    this.maxRecordBytes = maxFrameSize + HEADER_SIZE - this.frames.headerSize;
    this.#maxRetainedBytes = maxRetainedBytes;
    this.#memory = memory;
  }

  /** Bytes of sealed frames that are kept. */
  get bytes(): number {
    return this.end - this.head.base;
  }
  // #endregion fields

  // #region append
  /**
   * Copies records into the open frame: the source may be a socket's read buffer.
   *
   * @param source - holds `count` well-formed records in `[from, to)`
   * @param now - monotonic milliseconds, whole; never less than in the call before
   * @returns the id of the first of them; the others follow on
   * @throws OptionError for more than fits into one frame: `maxRecordBytes`, and 65,535
   * records
   */
  append(source: Buffer, from: number, to: number, count: number, now: number): number {
    const size = to - from;
    if (this.#writeAt + size > this.#writeEnd || this.lastId + count - this.sealedId > MAX_RECORDS)
      this.#makeRoom(size, count);
    if (this.lastId === this.sealedId) this.#openedAt = now;
    copyBytes(source, from, this.tail.view, this.#writeAt, size);
    this.#writeAt += size;
    this.lastId += count;
    return this.lastId - count + 1;
  }
  // #endregion append

  // #region seal
  /** Closes the open frame, if there is one. */
  seal(): void {
    if (this.lastId === this.sealedId) return;
    const { tail } = this;
    const firstId = this.sealedId + 1;
    this.frames.write(tail.bytes, tail.sealed, this.#writeAt, firstId, this.lastId - this.sealedId);
    tail.seal(this.#writeAt, firstId, this.lastId, this.#openedAt);
    this.sealedId = this.lastId;
    this.end = tail.base + tail.sealed;
    this.#openFrame();
  }
  // #endregion seal

  // #region expire
  /**
   * Lets go of frames that were begun at the time `oldest` or before; and of the oldest
   * segments when more bytes are kept than may be. The tail stays then: it is written
   * to.
   */
  expire(oldest: number): void {
    // step 6.7: let go of what is too old
    this.#dropWhile((head) => head.firstIdAfter(oldest) > head.lastId);
    this.#dropWhile((head) => head !== this.tail && this.bytes > this.#maxRetainedBytes);
    this.firstId = Math.max(this.firstId, this.head.firstIdAfter(oldest));
  }
  // #endregion expire

  // #region collect
  /**
   * Lets go of the segments that all readers have left behind. For topics that retain
   * nothing.
   */
  collect(): void {
    // step 6.8: memory that goes round
    this.#dropWhile(({ readers }) => readers === 0);
  }

  /**
   * Lets go of everything up to and including an id. Readers that stand there go on at
   * the new `firstId`.
   */
  drop(upTo: number): void {
    // step 6.8: memory that goes round
    this.seal();
    this.#dropWhile(({ lastId }) => lastId <= upTo);
    this.firstId = Math.max(this.firstId, Math.min(upTo, this.sealedId) + 1);
  }
  // #endregion collect

  // #region roll
  /**
   * Ends the last segment early, if no older one is kept: what comes next goes into a
   * new one. So the memory of a quiet topic can go, as soon as its readers have moved
   * on, which they do when they read.
   */
  roll(): void {
    // step 6.7: let go of what is too old
    if (this.head !== this.tail || this.tail.sealed === 0 || this.lastId > this.sealedId) return;
    this.tail = this.tail.next = new Segment(NO_BYTES, this.end, this.lastId);
    this.#openFrame();
  }
  // #endregion roll

  // #region find
  /** The segment that holds an id, for `firstId <= id <= sealedId`. */
  find(id: number): Segment {
    // step 6.5: a cursor walks from segment to segment
    let segment = this.head;
    while (segment.lastId < id && segment.next !== undefined) segment = segment.next;
    return segment;
  }
  // #endregion find

  // #region make-room
  /**
   * Begins another frame, in a new segment if need be, with room for so many records of
   * `size` bytes in all.
   */
  #makeRoom(size: number, count: number): void {
    checkWhole('the size of the records', size, 0, this.maxRecordBytes);
    checkWhole('the number of records', count, 0, MAX_RECORDS);
    this.seal();
    const needed = this.frames.headerSize + size;
    if (this.tail.sealed + needed > this.tail.bytes.length) {
      // Whole segments are let go, so a small limit needs small segments.
      const most = Math.min(MAX_SEGMENT_BYTES, 2 * this.tail.bytes.length, this.#maxRetainedBytes / 4);
      const size = Math.max(needed, MIN_SEGMENT_BYTES, Math.floor(most));
      const bytes = this.#memory?.take(size) ?? Buffer.allocUnsafeSlow(size);
      this.tail = this.tail.next = new Segment(bytes, this.end, this.lastId);
    }
    this.#openFrame();
  }

  #openFrame(): void {
    const { bytes, sealed } = this.tail;
    this.#writeAt = sealed + this.frames.headerSize;
    this.#writeEnd = Math.min(bytes.length, this.#writeAt + this.maxRecordBytes);
  }
  // #endregion make-room

  // #region drop
  /**
   * Lets go of the oldest segments as long as they are `unneeded`, and of their memory,
   * whoever stands there.
   */
  #dropWhile(unneeded: (head: Segment) => boolean): void {
    // step 6.7: let go of what is too old
    for (let { head } = this; unneeded(head); head = this.head) {
      this.roll();
      if (head === this.tail) return;
      this.firstId = Math.max(this.firstId, head.lastId + 1);
      this.head = head.next as Segment;
      this.#memory?.give(head);
      head.drop();
    }
  }
  // #endregion drop
}
