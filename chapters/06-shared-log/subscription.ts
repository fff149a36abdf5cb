import { BrokerType, encodeBrokerFrame } from '#protocol/old';
import { Cursor } from './cursor.ts';
import {
  cutFrame,
  frameCount,
  frameEnd,
  frameFirstId,
  messagesHeaderSize,
  skipRecords,
} from './message-frame.ts';
import type { Segment } from './segment.ts';
import type { ReadingClient } from './slow-readers.ts';
import type { Topic } from './topic.ts';
import { Window } from './window.ts';

/** Whatever reads a topic's log: a subscription, or several that share one cursor. */
export interface TopicReader {
  readonly topic: Topic;
  /** Its place in the log. */
  readonly cursor: Cursor;
  /** True while its lag pauses the topic's publishers. */
  blocking: boolean;
  /** Those whose own publishing would then be a wait for themselves: the one client that it reads for. */
  readonly clients?: Iterable<ReadingClient>;
  /** Sends what there is, as far as the clients allow. */
  pump(): void;
  /** Goes past records that it will never get. */
  skipTo(nextId: number): void;
  /** Whether more than so much was published since it began and lies unread before it. */
  lagsBeyond(bytes: number, messages: number): boolean;
  /** It lags too far behind: its clients are disconnected. */
  tooSlow(): void;
  /** Leaves the log. */
  leave(): void;
}

/** Where a subscription's frames go. */
export interface Reader extends ReadingClient {
  /** True while it cannot take more; it will ask again by {@link Subscription.pump}. */
  readonly full: boolean;
  /** Takes frames, which must not change until they are out. True when they are out already. */
  send(bytes: Buffer): boolean;
  /** The subscription was stopped by the reader being full: pump it when there is room again. */
  waitFor(reader: TopicReader): void;
  /** Ends the connection, because this subscription lags too far behind. */
  tooSlow(reader: TopicReader): void;
}

/**
 * One reader of one topic: a cursor in the log, and what the reader may have of what lies before it. Nothing
 * is queued here. What a slow reader has not got yet is in the log, where it is for everybody.
 */
export class Subscription implements TopicReader {
  readonly topic: Topic;
  readonly cursor: Cursor;
  /** How far it may go before its reader commits. */
  readonly window: Window;
  /** True while its lag pauses the topic's publishers. */
  blocking = false;
  readonly reader: Reader;

  // Where the log ended when it subscribed: what lay there then is no sign of slowness.
  readonly #joinedAt: number;
  readonly #joinedId: number;

  // Ids that it will not get and was not told of yet: from #skippedFrom to the one before the cursor's place
  // when it jumped, #skippedTo. Both 0 when there are none. Told before anything else is sent.
  #skippedFrom = 0;
  #skippedTo = 0;
  #left = false;

  /**
   * @param nextId - the first record to read: at least the log's `firstId`, at most its `sealedId + 1`
   * @param missedFrom - the first id that it asked for and cannot have, if there is one: it is told
   */
  constructor(topic: Topic, reader: Reader, nextId: number, windowSize: number, missedFrom = nextId) {
    this.topic = topic;
    this.reader = reader;
    this.cursor = new Cursor(topic.log, nextId);
    this.window = new Window(windowSize, nextId - 1);
    this.#joinedAt = topic.log.end;
    this.#joinedId = topic.log.sealedId;
    if (missedFrom < nextId) {
      this.#skippedFrom = missedFrom;
      this.#skippedTo = nextId - 1;
    }
  }

  /** The one client that it reads for. */
  get clients(): readonly [Reader] {
    return [this.reader];
  }

  /** Messages that are published for it and not yet committed, or, with no window, not yet sent. */
  get lag(): number {
    const { topic, cursor, window } = this;
    return topic.log.lastId - Math.max(cursor.nextId, topic.firstId) + 1 + window.used;
  }

  /** True when more lies unread before it than was published since it subscribed and `bytes` or `messages`. */
  lagsBeyond(bytes: number, messages: number): boolean {
    const { cursor } = this;
    const { log } = this.topic;
    if (cursor.nextId > log.sealedId) return false;
    const newBytes = Math.min(cursor.lagBytes, log.end - this.#joinedAt);
    return newBytes > bytes || log.sealedId - Math.max(cursor.nextId - 1, this.#joinedId) > messages;
  }

  /** Sends what there is, as far as the reader and the window allow. */
  // #region pump
  pump(): void {
    // task 6.4: move a cursor on
    if (this.#left) return;
    const { cursor, reader, window, topic } = this;
    if (cursor.nextId < topic.log.firstId) this.skipTo(topic.log.firstId);
    for (;;) {
      if (reader.full) {
        if (cursor.nextId <= topic.log.sealedId || this.#skippedTo > 0) reader.waitFor(this);
        return;
      }
      if (this.#skippedTo > 0 && window.room > 0) this.#tellSkipped();
      const segment = cursor.readable();
      if (segment === undefined) return;
      if (cursor.recordAt === 0 && window.size === 0) {
        if (!reader.send(segment.slice(cursor.position))) segment.lent = true;
        cursor.position = segment.sealed;
        cursor.nextId = segment.lastId + 1;
      } else if (!this.#sendPart(segment)) return;
    }
  }
  // #endregion pump

  /**
   * Goes past records that this reader will never get. It is told so as soon as it can take more.
   *
   * @param nextId - the first record that it may get again
   */
  skipTo(nextId: number): void {
    const { cursor } = this;
    const fromId = cursor.nextId;
    if (nextId <= fromId) return;
    cursor.moveTo(nextId);
    this.window.skip(fromId, nextId - 1);
    // A reader that cannot take this news, or has no room in its window for what comes after it, may be skipped
    // again: then it is one longer gap.
    if (this.#skippedTo === 0) this.#skippedFrom = fromId;
    this.#skippedTo = nextId - 1;
  }

  #tellSkipped(): void {
    const skipped = { topic: this.topic.name, fromId: this.#skippedFrom, toId: this.#skippedTo };
    this.#skippedFrom = this.#skippedTo = 0;
    this.reader.send(encodeBrokerFrame({ type: BrokerType.SKIPPED, ...skipped }));
  }

  /** The reader has dealt with everything up to `id`. False when it was not sent that yet. */
  commit(id: number): boolean {
    if (id >= this.cursor.nextId) return false;
    this.window.commit(id);
    return true;
  }

  tooSlow(): void {
    this.reader.tooSlow(this);
  }

  /** Leaves the topic, for good. */
  leave(): void {
    this.#left = true;
    this.cursor.leave();
  }

  /**
   * Sends whole frames while the window has room for them, or else as many records of one frame as it allows,
   * in a frame made for this reader alone.
   *
   * @returns false when the window has no room
   */
  // #region part
  #sendPart(segment: Segment): boolean {
    // task 6.5: send part of a frame
    const { cursor, window, reader, topic } = this;
    const topicSize = topic.nameBytes.length;
    const from = cursor.position;
    let room = window.room;
    if (room === 0) return false;
    if (cursor.recordAt === 0) {
      let count = 0;
      let end = from;
      while (end < segment.sealed) {
        const next = frameCount(segment.bytes, end, topicSize);
        if (next > room - count) break;
        count += next;
        end = frameEnd(segment.bytes, end);
      }
      if (count > 0) {
        if (!reader.send(segment.bytes.subarray(from, end))) segment.lent = true;
        cursor.position = end;
        cursor.nextId += count;
        window.sent(count);
        return true;
      }
    }
    const firstId = frameFirstId(segment.bytes, from, topicSize);
    const left = firstId + frameCount(segment.bytes, from, topicSize) - cursor.nextId;
    const start = cursor.recordAt === 0 ? from + messagesHeaderSize(topicSize) : cursor.recordAt;
    room = Math.min(room, left);
    const end = room === left ? frameEnd(segment.bytes, from) : skipRecords(segment.bytes, start, room);
    reader.send(cutFrame(segment.bytes, topic.nameBytes, cursor.nextId, room, start, end));
    cursor.nextId += room;
    window.sent(room);
    cursor.recordAt = room === left ? 0 : end;
    if (room === left) cursor.position = end;
    return true;
  }
  // #endregion part
}
