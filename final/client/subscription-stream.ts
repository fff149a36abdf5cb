import { LeveretError } from '#framing';
import { compilePattern, type Matcher } from '../broker/delivery/patterns.ts';
import { type Deferred, defer } from './deferred.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { Skipped } from './events.ts';
import { Message } from './message.ts';
import { type MessagesFrame, skipRecord } from './messages-reader.ts';
import type { Platform } from './platform.ts';
import type { Position } from './position.ts';
import { Positions } from './positions.ts';
import type { SubscribeSettings } from './subscribe-options.ts';

/** What a stream needs of its client. */
export interface SubscriptionStreamHost {
  /** Bytes of messages that may wait here for iterators, of all streams together. */
  readonly maxQueuedBytes: number;
  /** Tell the broker, at the end of this turn, what is committed. */
  commitLater(stream: SubscriptionStream, position: Position): void;
  /** So many bytes more, or less, wait here for iterators. */
  queued(bytes: number): void;
  /** The window is smaller now: tell the broker. */
  windowShrunk(stream: SubscriptionStream): void;
  /** It does not know any more how far it has come in this topic. */
  forgotten(stream: SubscriptionStream, topic: string): void;
  /** A callback has thrown. */
  callbackFailed(stream: SubscriptionStream, error: unknown): void;
  /** The stream ends because of an error of its own. */
  abandon(stream: SubscriptionStream, error: LeveretError): void;
}

/** Part of all that may wait here which one window of large messages may fill. */
const WINDOW_SHARE = 0.5;

/**
 * The inside of a subscription: takes what the broker sends, and hands it to the callback or keeps it for the iterator.
 *
 * Where nobody commits but somebody iterates, the client asks the broker for a window anyway, of `prefetch` messages, and
 * commits what the iterator has taken. So a slow iterator holds up the broker for its own subscription and no other, and
 * what waits here is bounded, in a browser too, where reading from the socket cannot be stopped.
 */
export class SubscriptionStream {
  readonly topic: string;
  readonly options: SubscribeSettings;
  readonly matches: Matcher | undefined;
  /** The window that the broker is told. */
  wireWindow: number;
  readonly positions: Positions;
  /** Settled by the broker's first answer. */
  readonly established: Deferred<void> = defer();
  /** True when the first answer has come. */
  isEstablished = false;
  /** True while the broker sends to it. */
  isSubscribed = false;
  /** True when it begins with what is retained, whatever it began with at first: the broker began anew. */
  fromEarliest = false;
  /** For an inbox, which nobody writes to while its client is away: a reconnect loses nothing. */
  isEphemeral = false;
  /** For a pattern: topics that were subscribed on their own after a reconnect. */
  readonly resumed = new Set<string>();
  ended = false;

  readonly #host: SubscriptionStreamHost;
  readonly #autoCommit: boolean;
  #commitEvery: number;
  readonly #shrinkAt: number;
  readonly #queue: DeliveryQueue;
  // Invariant: while it has any, nothing waits in #queue.
  #waiters: Deferred<IteratorResult<Message, undefined>>[] = [];
  #error: LeveretError | undefined;
  readonly #end = defer<LeveretError | undefined>();

  constructor(
    topic: string,
    options: SubscribeSettings,
    isPattern: boolean,
    host: SubscriptionStreamHost,
    platform: Platform,
  ) {
    const { window, prefetch, group, onMessage } = options;
    this.topic = topic;
    this.options = options;
    this.matches = isPattern ? compilePattern(topic) : undefined;
    this.#host = host;
    this.#queue = new DeliveryQueue((bytes) => host.queued(bytes));
    this.#autoCommit = window === 0 && onMessage === undefined;
    this.wireWindow = this.#autoCommit ? prefetch : window;
    this.positions = new Positions(platform, {
      commits: this.wireWindow > 0,
      forgotten: (name) => host.forgotten(this, name),
      overfull: (topics) => {
        const message = `messages of ${topics} topics came by ${topic} and are not dealt with: commit them, or take them faster`;
        host.abandon(this, new LeveretError('OVERFLOW', message));
      },
    });
    // In a group what was taken is committed at once: it would be given to others if this client died.
    this.#commitEvery = group === '' ? Math.max(1, prefetch >> 2) : 1;
    const isShrinkable = this.#autoCommit && !isPattern && group === '';
    this.#shrinkAt = isShrinkable ? host.maxQueuedBytes * WINDOW_SHARE : Number.POSITIVE_INFINITY;
    this.established.promise.catch(() => {});
  }

  /** Messages that wait for the iterator. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Bytes of messages that wait for the iterator. */
  get waitingBytes(): number {
    return this.#queue.bytes;
  }

  /** Resolves when the stream has ended: with the error, if one ended it. */
  get whenEnded(): Promise<LeveretError | undefined> {
    return this.#end.promise;
  }

  /** False for a place of an earlier epoch, or of an earlier connection of a group. */
  isCurrent(position: Position): boolean {
    return this.positions.get(position.topic) === position;
  }

  // #region deliver
  /** Takes the records of a MESSAGES frame. */
  deliver(position: Position, frame: MessagesFrame): void {
    const { firstId, count, bytes, end } = frame;
    if (count === 0) return;
    const known = position.received;
    position.isUsed = true;
    const lastId = firstId + count - 1;
    if (known === 0 && position.committed === 0)
      position.committed = position.told = Math.max(0, firstId - 1);
    if (lastId > known) position.received = lastId;
    if (lastId > position.delivered) position.delivered = lastId;
    if (position.committed > position.told) this.#host.commitLater(this, position);
    // What comes again after a reconnect is in the program's hands already. In a group ids do not come in order.
    const doneBefore = this.options.group === '' ? known : 0;
    let { at } = frame;
    let id = firstId;
    for (; id <= doneBefore && id <= lastId; id++) at = skipRecord(bytes, at);
    if (id > lastId || this.ended) return;
    if (this.options.onMessage !== undefined) {
      this.#call(this.options.onMessage, position, bytes, at, id, lastId);
      return;
    }
    this.#queue.push({ position, bytes, at, end, id, lastId });
    if (this.#waiters.length > 0) this.#wake();
    if (this.#queue.bytes > this.#shrinkAt) this.#shrink();
  }
  // #endregion deliver

  /**
   * The window counts messages, what may wait here is counted in bytes: where the messages are large, the window must be
   * smaller. A group or a pattern cannot be given another one without losing its place.
   */
  #shrink(): void {
    const bytes = this.#host.maxQueuedBytes * WINDOW_SHARE;
    const window = Math.max(1, Math.floor((bytes * this.#queue.length) / this.#queue.bytes));
    if (window * 2 > this.wireWindow) return;
    this.wireWindow = window;
    this.#commitEvery = Math.max(1, window >> 2);
    this.#host.windowShrunk(this);
  }

  /** Ids that will not come. */
  skipped(position: Position, fromId: number, toId: number): void {
    const from = Math.max(fromId, position.received + 1);
    position.delivered = Math.max(position.delivered, toId);
    if (position.committed === position.received) position.committed = toId;
    if (toId < from) return;
    position.received = toId;
    this.tellSkipped({ topic: position.topic, reason: 'lost', fromId: from, toId });
  }

  /** The ids of the broker that was there mean nothing any more: it begins with the earliest message, and the program is told. */
  beginAnew(): void {
    const topics =
      this.matches === undefined ? [this.topic] : Array.from(this.positions.values(), ({ topic }) => topic);
    this.fromEarliest = true;
    // New places: what is still committed by the old ids must not count for the new ones.
    this.positions.clear();
    if (this.isEphemeral) return;
    for (const topic of topics) this.tellSkipped({ topic, reason: 'epoch', fromId: 0, toId: 0 });
  }

  /** The broker does not know the id that it had given in this topic: it is not the one that it was. */
  losePlace(topic: string): void {
    this.positions.delete(topic);
    this.tellSkipped({ topic, reason: 'epoch', fromId: 0, toId: 0 });
  }

  /** Tells the program about a gap. */
  tellSkipped(skipped: Skipped): void {
    const { onSkipped, failOnSkipped } = this.options;
    try {
      onSkipped?.(skipped);
    } catch (error) {
      this.#host.callbackFailed(this, error);
    }
    if (failOnSkipped !== true) return;
    const { topic, reason, fromId, toId } = skipped;
    const what = reason === 'lost' ? `${fromId} to ${toId} are lost` : 'were lost with the connection';
    this.#host.abandon(this, new LeveretError('SKIPPED', `messages of ${topic} ${what} (${reason})`));
  }

  /** The program has dealt with everything up to this id. */
  commit(position: Position, id: number): void {
    if (this.options.window === 0 || this.ended || !this.isCurrent(position)) return;
    if (this.options.group !== '') position.commits.push(id);
    else if (id > position.committed) position.committed = id;
    else return;
    this.#host.commitLater(this, position);
  }

  /** The next message, if one waits. */
  take(): Message | undefined {
    const message = this.#queue.take();
    if (message !== undefined && this.#autoCommit) this.#taken(Message.positionOf(message), message.id);
    return message;
  }

  /** All messages that wait. */
  takeAll(): Message[] {
    const batch: Message[] = [];
    for (let message = this.take(); message !== undefined; message = this.take()) batch.push(message);
    return batch;
  }

  /** The next message, when it comes. */
  next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.take();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    if (this.ended) return this.#finish();
    const waiter = defer<IteratorResult<Message, undefined>>();
    this.#waiters.push(waiter);
    return waiter.promise;
  }

  /** It is over. What waits can still be taken, unless `drop`. */
  end(error?: LeveretError, drop = false): void {
    if (drop) this.#queue.clear();
    if (this.ended) return;
    this.ended = true;
    this.#error = error;
    this.established.reject(
      error ?? new LeveretError('CLOSED', 'the subscription was ended before the broker had answered'),
    );
    this.#end.resolve(error);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) this.#finish().then(waiter.resolve, waiter.reject);
  }

  #finish(): Promise<IteratorResult<Message, undefined>> {
    const error = this.#error;
    this.#error = undefined;
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  #wake(): void {
    const waiters = this.#waiters;
    let woken = 0;
    while (woken < waiters.length) {
      const message = this.take();
      if (message === undefined) break;
      waiters[woken++]?.resolve({ done: false, value: message });
    }
    waiters.splice(0, woken);
  }

  #taken(position: Position, id: number): void {
    position.committed = id;
    if (++position.handed < this.#commitEvery) return;
    position.handed = 0;
    this.#host.commitLater(this, position);
  }

  #call(
    onMessage: (message: Message) => void,
    position: Position,
    bytes: Uint8Array,
    start: number,
    firstId: number,
    lastId: number,
  ): void {
    let at = start;
    for (let id = firstId; id <= lastId && !this.ended; id++) {
      try {
        onMessage(new Message(position, id, bytes, at));
      } catch (error) {
        this.#host.callbackFailed(this, error);
      }
      at = skipRecord(bytes, at);
    }
  }
}
