import type { LeveretError } from '#framing';
import { ErrorCode, ProtocolError, Start } from '#protocol/old';
import type { Connection } from './connection.ts';
import { defer } from './deferred.ts';
import type { Feed } from './feed.ts';
import type { Platform } from './platform.ts';
import type { Position } from './position.ts';
import { badBroker, u16, u64 } from './wire.ts';

/** `u64 firstId | u16 count`, behind the topic of MESSAGES. */
const IDS_SIZE = 10;

/** Where a SUBSCRIBE begins. */
interface Beginning {
  readonly start: number;
  readonly after: number;
}

/**
 * The subscriptions of a client: finds out for whom a message is, tells the broker what is committed, and subscribes again
 * on a new connection, each after the last message that need not come again.
 */
export class Subscriptions {
  readonly #platform: Platform;
  readonly #changed: () => void;
  readonly #feeds = new Map<string, Feed>();
  // For each topic that messages come from: who gets them.
  readonly #routes = new Map<string, Position>();
  #toTell: Position[] = [];
  // Most frames are for the same topic as the one before: then its name need not be decoded.
  #lastName: Uint8Array = new Uint8Array(0);
  #lastPosition: Position | undefined;

  /** @param changed - called when there is something to tell the broker */
  constructor(platform: Platform, changed: () => void) {
    this.#platform = platform;
    this.#changed = changed;
  }

  /** Those that have not ended. */
  get feeds(): Iterable<Feed> {
    return this.#feeds.values();
  }

  /** The one for this topic or pattern. */
  get(topic: string): Feed | undefined {
    return this.#feeds.get(topic);
  }

  /** Adds one, and subscribes if there is a connection. */
  add(feed: Feed, connection: Connection | undefined): void {
    this.#feeds.set(feed.topic, feed);
    if (connection !== undefined) this.#subscribe(feed, connection);
  }

  /** Takes one away. Returns the topics that the broker must be told of, if it is to send no more. */
  remove(feed: Feed): string[] {
    if (this.#feeds.get(feed.topic) !== feed) return [];
    this.#feeds.delete(feed.topic);
    this.#forget(feed);
    // After a reconnect the topics of a pattern are subscribed one by one, to go on where they were.
    return feed.matches === undefined ? [feed.topic] : [feed.topic, ...feed.resumed];
  }

  /** Forgets the one for this topic: another takes its place. */
  drop(topic: string): void {
    const feed = this.#feeds.get(topic);
    if (feed !== undefined) this.remove(feed);
  }

  // #region messages
  /**
   * Takes a MESSAGES frame: `text8 topic | u64 firstId | u16 count | record...`
   *
   * @throws LeveretError BAD_BROKER
   */
  messages(bytes: Uint8Array, start: number, end: number): void {
    const nameEnd = start + 1 + (bytes[start] as number);
    const at = nameEnd + IDS_SIZE;
    if (at > end) throw badBroker('a MESSAGES frame that ends too soon');
    const position = this.#find(bytes, start + 1, nameEnd);
    // What was on its way when it was unsubscribed is for nobody.
    if (position === undefined) return;
    position.feed.deliver(position, bytes, at, end, u64(bytes, nameEnd), u16(bytes, nameEnd + 8));
  }
  // #endregion messages

  /** Takes a SKIPPED frame. */
  skipped(topic: string, fromId: number, toId: number): void {
    const position = this.#route(topic);
    position?.feed.skipped(position, fromId, toId);
  }

  /** Tell the broker, when this turn ends, what is committed in a topic. */
  commitLater(position: Position): void {
    if (position.listed) return;
    position.listed = true;
    this.#toTell.push(position);
    this.#changed();
  }

  /** Pushes the commits of this turn. */
  drainTo(connection: Connection): void {
    const positions = this.#toTell;
    if (positions.length === 0) return;
    this.#toTell = [];
    for (const position of positions) {
      position.listed = false;
      const { topic, feed, commits, committed, delivered } = position;
      if (feed.ended || !feed.isSubscribed || !feed.isCurrent(position)) continue;
      for (const id of commits.splice(0)) connection.push(connection.frames.commit(topic, id));
      // What this connection has not delivered yet, its broker would refuse.
      const id = Math.min(committed, delivered);
      if (feed.options.group === '' ? id <= position.told : id === position.told) continue;
      position.told = id;
      connection.push(connection.frames.commit(topic, id));
    }
  }

  /**
   * Subscribes to everything, on a new connection.
   *
   * @param isNewEpoch - the ids of the last connection mean nothing on this one
   */
  resume(connection: Connection, isNewEpoch: boolean): void {
    for (const feed of this.#feeds.values()) {
      feed.isSubscribed = false;
      this.#forget(feed);
      if (isNewEpoch && feed.isEstablished) this.#beginAnew(feed);
      this.#subscribe(feed, connection);
    }
  }

  /** The connection is lost. */
  down(): void {
    for (const feed of this.#feeds.values()) feed.isSubscribed = false;
  }

  /** Ends all. */
  endAll(error?: LeveretError): void {
    const feeds = [...this.#feeds.values()];
    this.#feeds.clear();
    this.#routes.clear();
    this.#lastPosition = undefined;
    for (const feed of feeds) feed.end(error);
  }

  #beginAnew(feed: Feed): void {
    feed.resumed.clear();
    feed.fromEarliest = true;
    const topics = feed.matches === undefined ? [feed.topic] : [...feed.positions.keys()];
    // New places: what is still committed by the old ids must not count for the new ones.
    feed.positions.clear();
    for (const topic of topics) {
      if (!feed.isEphemeral) feed.tellSkipped({ topic, reason: 'epoch', fromId: 0, toId: 0 });
    }
  }

  // #region subscribe
  #subscribe(feed: Feed, connection: Connection): void {
    if (feed.ended) return;
    if (feed.matches !== undefined) {
      // First each topic on its own, after what has come of it: the pattern then adds those that are new.
      for (const position of feed.positions.values()) {
        if (position.received === 0) continue;
        feed.resumed.add(position.topic);
        this.#send(feed, connection, position.topic, {
          start: Start.AFTER,
          after: resumeAfter(feed, position),
        });
      }
      const start = feed.fromEarliest || feed.options.from === 'earliest' ? Start.EARLIEST : Start.LATEST;
      this.#send(feed, connection, feed.topic, { start, after: 0 });
      return;
    }
    this.#send(feed, connection, feed.topic, this.#beginning(feed));
  }
  // #endregion subscribe

  #beginning(feed: Feed): Beginning {
    const { from, group } = feed.options;
    const position = feed.positions.get(feed.topic);
    if (position !== undefined && position.received > 0 && group === '' && !feed.isEphemeral) {
      return { start: Start.AFTER, after: resumeAfter(feed, position) };
    }
    if (feed.fromEarliest || from === 'earliest') return { start: Start.EARLIEST, after: 0 };
    if (typeof from === 'object') return { start: Start.AFTER, after: from.after };
    if (feed.isEstablished && !feed.isEphemeral) {
      feed.tellSkipped({ topic: feed.topic, reason: 'unknown', fromId: 0, toId: 0 });
    }
    return { start: Start.LATEST, after: 0 };
  }

  #send(feed: Feed, connection: Connection, topic: string, { start, after }: Beginning): void {
    const request = connection.expect({
      answered: () => {
        if (this.#feeds.get(feed.topic) !== feed) return;
        if (topic === feed.topic || feed.resumed.has(topic)) this.#begun(feed, topic, start, after);
      },
      failed: (error) => this.#refused(feed, connection, topic, error),
    });
    connection.push(
      connection.frames.subscribe(request, topic, start, after, feed.wireWindow, feed.options.group),
    );
    this.#changed();
  }

  #begun(feed: Feed, topic: string, start: number, after: number): void {
    feed.isSubscribed = true;
    if (feed.matches === undefined || topic !== feed.topic) {
      // What a group gave on another connection has gone to others.
      if (feed.options.group !== '') feed.positions.delete(topic);
      const position = feed.position(topic);
      this.#routes.set(topic, position);
      this.#lastPosition = undefined;
      if (start === Start.AFTER) {
        if (position.received < after) position.startAfter(after);
        position.delivered = position.told = after;
      } else {
        position.delivered = position.told = 0;
      }
    }
    if (topic !== feed.topic || feed.isEstablished) return;
    feed.isEstablished = true;
    feed.established.resolve();
  }

  #refused(feed: Feed, connection: Connection, topic: string, error: LeveretError): void {
    // Lost with the connection: it is subscribed again on the next one.
    if (!(error instanceof ProtocolError)) return;
    if (this.#feeds.get(feed.topic) !== feed) return;
    const position = feed.positions.get(topic);
    if (error.wireCode === ErrorCode.OUT_OF_RANGE && feed.isEstablished && position !== undefined) {
      // The broker does not know the id that we had from it: it is not the one that we knew.
      feed.positions.delete(topic);
      feed.tellSkipped({ topic, reason: 'epoch', fromId: 0, toId: 0 });
      if (!feed.ended) this.#send(feed, connection, topic, { start: Start.EARLIEST, after: 0 });
      return;
    }
    this.#feeds.delete(feed.topic);
    this.#forget(feed);
    feed.end(error);
  }

  #forget(feed: Feed): void {
    this.#lastPosition = undefined;
    for (const [topic, position] of this.#routes) if (position.feed === feed) this.#routes.delete(topic);
  }

  #find(bytes: Uint8Array, start: number, end: number): Position | undefined {
    const last = this.#lastName;
    if (this.#lastPosition !== undefined && last.length === end - start) {
      let i = 0;
      while (i < last.length && last[i] === bytes[start + i]) i++;
      if (i === last.length) return this.#lastPosition;
    }
    const position = this.#route(this.#platform.decode(bytes, start, end));
    this.#lastName = bytes.slice(start, end);
    this.#lastPosition = position;
    return position;
  }

  #route(topic: string): Position | undefined {
    const position = this.#routes.get(topic);
    if (position !== undefined) return position;
    // A topic that a pattern leads to, met for the first time: it belongs to the pattern that was there first.
    for (const feed of this.#feeds.values()) {
      if (feed.matches?.(topic) !== true || !feed.isSubscribed) continue;
      const found = feed.position(topic);
      this.#routes.set(topic, found);
      return found;
    }
    return undefined;
  }
}

/** The id after which everything must come again: with a window, what was not committed. */
function resumeAfter({ options }: Feed, { committed, received }: Position): number {
  return options.window > 0 ? committed : received;
}

/** Unsubscribes from topics. Resolves when the broker has answered, or cannot any more. */
export async function leave(connection: Connection, topics: readonly string[]): Promise<void> {
  await Promise.all(
    topics.map((topic) => {
      const answer = defer<void>();
      const done = () => answer.resolve();
      // Refused, because it was never made, or lost with the connection: there is no subscription either way.
      const request = connection.expect({ answered: done, failed: done });
      connection.push(connection.frames.unsubscribe(request, topic));
      return answer.promise;
    }),
  );
}
