import type { LeveretError } from '#framing';
import { isPattern } from '#protocol';
import { SYSTEM_PREFIX } from '../broker/topics/reserved-names.ts';
import type { Skipped } from './events.ts';
import type { MessagesFrame } from './messages-reader.ts';
import type { Platform } from './platform.ts';
import type { Position } from './position.ts';
import { readSubscribeOptions, type SubscribeOptions } from './subscribe-options.ts';
import { SubscriptionStream, type SubscriptionStreamHost } from './subscription-stream.ts';

/**
 * Whether all who subscribe so may share one subscription on the wire: handlers that take each message at once, and what comes
 * from now on. Who has a window, a start or a queue of its own needs a place of its own at the broker; and topics of the broker
 * begin with a message to each new reader.
 */
export function isShareable(topic: string, options: SubscribeOptions): boolean {
  const { onMessage, window = 0, group = '', from = 'latest' } = options;
  return (
    onMessage !== undefined &&
    window === 0 &&
    group === '' &&
    from === 'latest' &&
    !topic.startsWith(SYSTEM_PREFIX)
  );
}

/**
 * A subscription on the wire that feeds several of the program's. For the broker, and for what is done after a reconnect, it
 * is one; each member has its own handlers, knows its own place, and leaves alone.
 */
export class SharedStream extends SubscriptionStream {
  readonly #members = new Set<SubscriptionStream>();
  readonly #ended: () => void;

  /** @param ended - called when it ends, and its members with it */
  constructor(topic: string, host: SubscriptionStreamHost, platform: Platform, ended: () => void) {
    // Its handler is never called: the members have theirs.
    super(topic, readSubscribeOptions(topic, { onMessage: () => {} }), isPattern(topic), host, platform);
    this.#ended = ended;
  }

  /** Feeds one more. */
  add(member: SubscriptionStream): void {
    this.#members.add(member);
  }

  /** Feeds it no more. Returns true when it was the last one. */
  remove(member: SubscriptionStream): boolean {
    return this.#members.delete(member) && this.#members.size === 0;
  }

  override deliver(position: Position, frame: MessagesFrame): void {
    const { topic, firstId, count } = frame;
    if (count === 0) return;
    position.isUsed = true;
    position.received = Math.max(position.received, firstId + count - 1);
    for (const member of this.#members) member.deliver(member.positions.at(topic), frame);
  }

  override skipped(position: Position, fromId: number, toId: number): void {
    position.received = Math.max(position.received, toId);
    for (const member of this.#members) member.skipped(member.positions.at(position.topic), fromId, toId);
  }

  override beginAnew(): void {
    this.fromEarliest = true;
    this.positions.clear();
    for (const member of this.#members) member.beginAnew();
  }

  override losePlace(topic: string): void {
    this.positions.delete(topic);
    for (const member of this.#members) member.losePlace(topic);
  }

  override tellSkipped(skipped: Skipped): void {
    for (const member of this.#members) member.tellSkipped(skipped);
  }

  override end(error?: LeveretError, drop = false): void {
    if (this.ended) return;
    super.end(error, drop);
    this.#ended();
    for (const member of this.#members) member.end(error, drop);
    this.#members.clear();
  }
}
