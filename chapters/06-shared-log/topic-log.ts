import { HEADER_SIZE } from '#framing';
import { MAX_RECORDS } from '#protocol/old';
import { copyBytes } from './copy-bytes.ts';
import {
  closeHeader,
  frameCount,
  frameEnd,
  frameFirstId,
  messagesHeaderSize,
  openHeader,
  recordEnd,
  skipRecords,
} from './message-frame.ts';
import { MAX_SEGMENT_SIZE, MIN_SEGMENT_SIZE, Segment } from './segment.ts';

/** What a {@link TopicLog} must know. */
export interface TopicLogOptions {
  /** The topic's name as UTF-8; stands in every frame. */
  readonly topic: Uint8Array;
  /** The largest frame that may go out, in bytes as its size field counts them. */
  readonly maxFrameSize: number;
  /** How many bytes of sealed frames are retained at most. Whole segments are let go. */
  readonly maxRetainedBytes: number;
}

/**
 * The log of one topic. Publishing writes records at its end; reading is the business of cursors, as many as
 * one likes, of which the log knows only how many stand in each segment.
 *
 * Records are written into an open frame, which {@link TopicLog.seal} closes. Readers see sealed frames only.
 *
 * Source: the seed psa's master log, with what its list of things to do asks for: collection and resuming.
 */
export class TopicLog {
  /** The oldest segment that is kept. */
  head: Segment | undefined;
  /** The segment that is written to. */
  tail: Segment | undefined;
  /** The newest id that was given out; 0 when there is none. */
  lastId = 0;
  /** The newest id that readers may see. */
  sealedId = 0;
  /** The oldest id that is still kept; `sealedId + 1` when nothing is. */
  firstId = 1;
  /** Offset after the last sealed byte, counted since the topic began. */
  end = 0;

  readonly topic: Uint8Array;
  /** The largest run of records that fits in one frame, in bytes. */
  readonly maxRecordBytes: number;
  readonly #maxFrameSize: number;
  readonly #maxRetainedBytes: number;
  readonly #maxCapacity: number;

  // The open frame. Invariant: #count is 0 when there is none; otherwise the frame lies in the tail, from
  // tail.sealed to #writeAt, and holds the ids from lastId - #count + 1 to lastId.
  #count = 0;
  #writeAt = 0;
  #openedAt = 0;
  #nextCapacity = MIN_SEGMENT_SIZE;

  constructor(options: TopicLogOptions) {
    this.topic = options.topic;
    this.#maxFrameSize = options.maxFrameSize;
    this.maxRecordBytes = options.maxFrameSize + HEADER_SIZE - messagesHeaderSize(options.topic.length);
    this.#maxRetainedBytes = options.maxRetainedBytes;
    // Whole segments are let go, so small limits need small segments.
    const quarter = Math.floor(options.maxRetainedBytes / 4);
    this.#maxCapacity = Math.min(MAX_SEGMENT_SIZE, Math.max(MIN_SEGMENT_SIZE, quarter));
  }

  /** Bytes of sealed frames that are kept. */
  get bytes(): number {
    const { head } = this;
    return head === undefined ? 0 : this.end - head.end + head.held;
  }

  /**
   * Writes records at the end of the log. They are copied: the source may be a socket's read buffer.
   *
   * @param source - holds `count` well-formed records from `from` to `to`
   * @param now - monotonic milliseconds
   * @returns the id of the first of them; the others follow on
   */
  // #region append
  append(source: Buffer, from: number, to: number, count: number, now: number): number {
    // task 6.1: write records into the open frame
    const size = to - from;
    if (count > MAX_RECORDS || size > this.maxRecordBytes) return this.#appendOneByOne(source, from, to, now);
    let tail = this.tail;
    if (
      this.#count === 0 ||
      tail === undefined ||
      this.#writeAt + size > tail.bytes.length ||
      this.#count + count > MAX_RECORDS ||
      this.#writeAt + size - tail.sealed > this.#maxFrameSize
    ) {
      this.#openFrame(size, now);
      tail = this.tail as Segment;
    }
    copyBytes(source, from, tail.bytes, tail.view, this.#writeAt, size);
    this.#writeAt += size;
    this.#count += count;
    const firstId = this.lastId + 1;
    this.lastId += count;
    return firstId;
  }
  // #endregion append

  /** Gives out ids without keeping the records: nobody is there to read them, and nothing is retained. */
  discard(count: number): number {
    this.seal();
    const firstId = this.lastId + 1;
    this.lastId += count;
    this.sealedId = this.lastId;
    this.letGo();
    return firstId;
  }

  /**
   * Closes the open frame: from now on cursors may read it.
   *
   * @returns false when there was none
   */
  // #region seal
  seal(): boolean {
    // task 6.2: close the open frame
    const tail = this.tail;
    if (this.#count === 0 || tail === undefined) return false;
    closeHeader(tail.bytes, tail.sealed, this.topic.length, this.#writeAt, this.#count);
    tail.seal(this.#writeAt, this.lastId - this.#count + 1, this.lastId, this.#openedAt);
    this.#count = 0;
    this.sealedId = this.lastId;
    this.end = tail.end;
    return true;
  }
  // #endregion seal

  /** The segment in which a cursor stands that has read everything; an empty one if there is none. */
  last(): Segment {
    this.tail ??= this.head = new Segment(0, this.end, this.lastId + 1);
    return this.tail;
  }

  /** The segment that holds an id, for `firstId <= id <= sealedId`. */
  find(id: number): Segment | undefined {
    let segment = this.head;
    while (segment !== undefined && segment.lastId < id) segment = segment.next;
    return segment;
  }

  /** The offset in its segment of the frame that holds an id. */
  frameOf(segment: Segment, id: number): number {
    const size = this.topic.length;
    let at = segment.positionBefore(id);
    while (frameFirstId(segment.bytes, at, size) + frameCount(segment.bytes, at, size) <= id) {
      at = frameEnd(segment.bytes, at);
    }
    return at;
  }

  /** The offset of a record in the frame at `at`, or 0 when it is the frame's first. */
  recordIn(segment: Segment, at: number, id: number): number {
    const skip = id - frameFirstId(segment.bytes, at, this.topic.length);
    if (skip === 0) return 0;
    return skipRecords(segment.bytes, at + messagesHeaderSize(this.topic.length), skip);
  }

  /**
   * Lets go of what is too old, and of the oldest segments when there are too many bytes.
   *
   * @param oldest - what was published at this time or before it is no longer delivered
   */
  // #region expire
  expire(oldest: number): void {
    // task 6.6: let go of what is too old
    let head = this.head;
    while (head !== undefined) {
      const firstId = head.firstIdAfter(oldest);
      this.firstId = Math.max(this.firstId, firstId);
      const over = this.bytes > this.#maxRetainedBytes && head !== this.tail;
      if (firstId <= head.lastId && !over) break;
      if (over) this.firstId = Math.max(this.firstId, head.lastId + 1);
      // The tail stays: it may hold an open frame, and its room is still of use.
      if (head === this.tail) break;
      head = head.next;
      this.head = head;
    }
  }
  // #endregion expire

  /** Lets go of the oldest segments in which no cursor stands any more. For topics that retain nothing. */
  collect(): void {
    let head = this.head;
    while (head !== undefined && head !== this.tail && head.readers === 0) {
      const { next } = head;
      head.recycle();
      head = next;
    }
    this.head = head;
    this.firstId = head === undefined ? this.sealedId + 1 : Math.max(this.firstId, head.firstId);
  }

  /**
   * Lets go of everything that is sealed, so that a quiet topic costs next to nothing. Does nothing mid-frame, or
   * while cursors stand in the log that it was not told of.
   *
   * @param cursors - how many cursors have read everything
   */
  letGo(cursors = 0): void {
    const { tail } = this;
    if (this.#count > 0 || this.#cursors() > cursors || (tail?.readers ?? 0) < cursors) return;
    if (tail !== undefined && cursors > 0) tail.release();
    this.head = this.tail = cursors > 0 ? tail : undefined;
    this.firstId = this.sealedId + 1;
    this.#nextCapacity = MIN_SEGMENT_SIZE;
  }

  /** Keeps nothing before this id for those who come later. */
  forgetBefore(id: number): void {
    this.firstId = Math.max(this.firstId, id);
  }

  #cursors(): number {
    let cursors = 0;
    for (let segment = this.head; segment !== undefined; segment = segment.next) cursors += segment.readers;
    return cursors;
  }

  /** Opens a frame with room for `size` bytes of records, in a new segment where the tail has none. */
  #openFrame(size: number, now: number): void {
    this.seal();
    const header = messagesHeaderSize(this.topic.length);
    let tail = this.tail;
    if (tail === undefined || tail.sealed + header + size > tail.bytes.length) {
      const capacity = Math.max(this.#nextCapacity, header + size);
      this.#nextCapacity = Math.min(this.#maxCapacity, this.#nextCapacity * 2);
      const segment = new Segment(capacity, this.end, this.lastId + 1);
      if (tail === undefined) this.head = segment;
      else tail.next = segment;
      this.tail = tail = segment;
    }
    this.#writeAt = openHeader(tail.bytes, tail.sealed, this.topic, this.lastId + 1);
    this.#openedAt = now;
  }

  /** For a batch that is larger than a frame may be. */
  #appendOneByOne(source: Buffer, from: number, to: number, now: number): number {
    const firstId = this.lastId + 1;
    for (let at = from; at < to; ) {
      const end = recordEnd(source, at);
      this.append(source, at, end, 1, now);
      at = end;
    }
    return firstId;
  }
}
