import type { LeveretError } from '#framing';
import { ErrorCode, isPattern, ProtocolError, Start } from '#protocol';
import { patternsOverlap } from '../broker/access/pattern-overlap.ts';
import { type Beginning, beginningsOf } from './beginning.ts';
import { Commits } from './commits.ts';
import type { Connection } from './connection.ts';
import type { MessagesFrame } from './messages-reader.ts';
import type { Position } from './position.ts';
import type { SubscriptionStream } from './subscription-stream.ts';

/** Who gets the messages of a topic, and how far it has come there. */
interface Route {
  readonly stream: SubscriptionStream;
  readonly position: Position;
}

/**
 * The subscriptions of a client: finds out for whom a message is, tells the broker what is committed, and subscribes again
 * on a new connection, each after the last message that need not come again.
 */
export class Subscriptions {
  readonly #changed: () => void;
  readonly #streams = new Map<string, SubscriptionStream>();
  // Those of them that are patterns.
  readonly #patterns = new Set<SubscriptionStream>();
  // For each topic that messages come from.
  readonly #routes = new Map<string, Route>();
  readonly commits: Commits;

  /** @param changed - called when there is something to tell the broker */
  constructor(changed: () => void) {
    this.#changed = changed;
    this.commits = new Commits(changed);
  }

  /** Those that have not ended. */
  get streams(): Iterable<SubscriptionStream> {
    return this.#streams.values();
  }

  /** True when there is none. */
  get isEmpty(): boolean {
    return this.#streams.size === 0;
  }

  /** True when a subscription to this topic or pattern would lead to no topic that one of these leads to. */
  isFreeFor(topic: string): boolean {
    if (this.#streams.has(topic)) return false;
    if (isPattern(topic)) {
      for (const held of this.#streams.keys()) if (patternsOverlap(held, topic)) return false;
      return true;
    }
    for (const pattern of this.#patterns) if (pattern.matches?.(topic) === true) return false;
    return true;
  }

  /** Adds one, and subscribes if there is a connection. */
  add(stream: SubscriptionStream, connection: Connection | undefined): void {
    this.#streams.set(stream.topic, stream);
    if (stream.matches !== undefined) this.#patterns.add(stream);
    if (connection !== undefined) this.#subscribe(stream, connection);
  }

  /** Takes one away. Returns the topics that the broker must be told of, if it is to send no more. */
  remove(stream: SubscriptionStream): string[] {
    if (this.#streams.get(stream.topic) !== stream) return [];
    this.#drop(stream);
    this.#forget(stream);
    // After a reconnect the topics of a pattern are subscribed one by one, to go on where they were.
    return stream.matches === undefined ? [stream.topic] : [stream.topic, ...stream.resumed];
  }

  /**
   * Subscribes again, with a window that has become smaller: the broker goes on after what has come. What it had sent before
   * it heard of this comes twice, and is passed over.
   */
  renew(stream: SubscriptionStream, connection: Connection): void {
    if (!stream.isSubscribed || this.#streams.get(stream.topic) !== stream) return;
    // Until it agrees nothing is committed: it counts anew from there.
    stream.isSubscribed = false;
    const { received } = stream.positions.at(stream.topic);
    this.#send(stream, connection, { topic: stream.topic, start: Start.AFTER, after: received });
  }

  /** Takes a MESSAGES frame. What was on its way when it was unsubscribed is for nobody. */
  messages(frame: MessagesFrame): void {
    const route = this.#route(frame.topic);
    route?.stream.deliver(route.position, frame);
  }

  /** Takes a SKIPPED frame. */
  skipped(topic: string, fromId: number, toId: number): void {
    const route = this.#route(topic);
    route?.stream.skipped(route.position, fromId, toId);
  }

  /** A place that a stream had in a topic is not known any more. */
  forgotten(stream: SubscriptionStream, topic: string): void {
    if (this.#routes.get(topic)?.stream === stream) this.#routes.delete(topic);
  }

  /**
   * Subscribes to everything, on a new connection.
   *
   * @param isNewEpoch - the ids of the last connection mean nothing on this one
   */
  resume(connection: Connection, isNewEpoch: boolean): void {
    for (const stream of this.#streams.values()) {
      stream.isSubscribed = false;
      this.#forget(stream);
      if (isNewEpoch && stream.isEstablished) stream.beginAnew();
      this.#subscribe(stream, connection);
    }
  }

  /** The connection is lost. */
  down(): void {
    for (const stream of this.#streams.values()) stream.isSubscribed = false;
  }

  /** Ends all. */
  endAll(error?: LeveretError): void {
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    this.#patterns.clear();
    this.#routes.clear();
    for (const stream of streams) stream.end(error);
  }

  #subscribe(stream: SubscriptionStream, connection: Connection): void {
    for (const beginning of beginningsOf(stream)) {
      if (stream.ended) return;
      this.#send(stream, connection, beginning);
    }
  }

  #send(stream: SubscriptionStream, connection: Connection, { topic, start, after }: Beginning): void {
    const request = connection.expect({
      answered: () => {
        if (this.#streams.get(stream.topic) !== stream) return;
        if (topic === stream.topic || stream.resumed.has(topic)) this.#begun(stream, topic, start, after);
      },
      failed: (error) => this.#refused(stream, connection, topic, error),
    });
    const { wireWindow: window, options } = stream;
    connection.push({ type: 'SUBSCRIBE', request, topic, start, after, window, group: options.group });
    this.#changed();
  }

  #begun(stream: SubscriptionStream, topic: string, start: number, after: number): void {
    stream.isSubscribed = true;
    if (stream.matches === undefined || topic !== stream.topic) {
      // What a group gave on another connection has gone to others.
      if (stream.options.group !== '') stream.positions.delete(topic);
      const position = stream.positions.at(topic);
      this.#routes.set(topic, { stream, position });
      if (start === Start.AFTER) {
        if (position.received < after) position.startAfter(after);
        position.delivered = position.told = after;
      } else {
        position.delivered = position.told = 0;
      }
    }
    if (topic !== stream.topic || stream.isEstablished) return;
    stream.isEstablished = true;
    stream.established.resolve();
  }

  #refused(stream: SubscriptionStream, connection: Connection, topic: string, error: LeveretError): void {
    // Lost with the connection: it is subscribed again on the next one.
    if (!(error instanceof ProtocolError)) return;
    if (this.#streams.get(stream.topic) !== stream) return;
    const position = stream.positions.get(topic);
    if (error.wireCode === ErrorCode.OUT_OF_RANGE && stream.isEstablished && position !== undefined) {
      // The broker does not know the id that we had from it: it is not the one that we knew.
      stream.losePlace(topic);
      if (!stream.ended) this.#send(stream, connection, { topic, start: Start.EARLIEST, after: 0 });
      return;
    }
    this.#drop(stream);
    this.#forget(stream);
    stream.end(error);
  }

  #drop(stream: SubscriptionStream): void {
    this.#streams.delete(stream.topic);
    this.#patterns.delete(stream);
  }

  #forget(stream: SubscriptionStream): void {
    for (const [topic, route] of this.#routes) if (route.stream === stream) this.#routes.delete(topic);
  }

  #route(topic: string): Route | undefined {
    const known = this.#routes.get(topic);
    if (known !== undefined) return known;
    // A topic that a pattern leads to, met for the first time. No two patterns of a connection lead to the same one.
    for (const stream of this.#patterns) {
      if (stream.matches?.(topic) !== true || !stream.isSubscribed) continue;
      const found = { stream, position: stream.positions.at(topic) };
      this.#routes.set(topic, found);
      return found;
    }
    return undefined;
  }
}
