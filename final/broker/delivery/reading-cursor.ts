import {
  Cursor,
  cutFrame,
  frameCount,
  frameEnd,
  frameFirstId,
  messagesHeaderSize,
  skipRecords,
  type TopicLog,
} from '#log';

/** A cursor that hands out what lies before it. */
export class ReadingCursor extends Cursor {
  readonly #log: TopicLog;
  // Where the log ended when it came: what lay there then is no sign of slowness.
  readonly #joinedAt: number;
  readonly #joinedId: number;

  constructor(log: TopicLog, nextId: number) {
    super(log, nextId);
    this.#log = log;
    this.#joinedAt = log.end;
    this.#joinedId = log.sealedId;
  }

  lagsBeyond(bytes: number, messages: number): boolean {
    const { sealedId, end } = this.#log;
    if (this.nextId > sealedId) return false;
    const newBytes = Math.min(this.lagBytes, end - this.#joinedAt);
    return newBytes > bytes || sealedId - Math.max(this.nextId - 1, this.#joinedId) > messages;
  }

  /** The next frames, at most `limit` records, and moves behind them. Whole frames come uncopied. */
  read(limit = Number.MAX_SAFE_INTEGER): Buffer | undefined {
    const segment = this.readable();
    if (segment === undefined) return undefined;
    const { bytes } = segment;
    const size = this.#log.topic.length;
    const from = this.position;
    if (this.recordAt === 0 && segment.lastId - this.nextId < limit) {
      this.position = segment.sealed;
      this.nextId = segment.lastId + 1;
      return segment.slice(from);
    }
    if (this.recordAt === 0) {
      let count = 0;
      let end = from;
      while (end < segment.sealed) {
        const next = frameCount(bytes, end, size);
        if (next > limit - count) break;
        count += next;
        end = frameEnd(bytes, end);
      }
      if (count > 0) {
        this.position = end;
        this.nextId += count;
        return bytes.subarray(from, end);
      }
    }
    const firstId = this.nextId;
    const left = frameFirstId(bytes, from, size) + frameCount(bytes, from, size) - firstId;
    const count = Math.min(limit, left);
    const start = this.recordAt === 0 ? from + messagesHeaderSize(size) : this.recordAt;
    const end = count === left ? frameEnd(bytes, from) : skipRecords(bytes, start, count);
    this.nextId += count;
    this.recordAt = count === left ? 0 : end;
    if (count === left) this.position = end;
    return cutFrame(bytes, this.#log.topic, firstId, count, start, end);
  }

  /** What was read last is not out yet. */
  lend(): void {
    if (this.segment !== undefined) this.segment.lent = true;
  }
}
