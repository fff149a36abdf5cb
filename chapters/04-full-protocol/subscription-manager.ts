import type { BroadcastChannel, Receiver } from '#broadcast';
import { type Clock, type Message, Subscriber, TopicError, type TopicRegistry } from '#topics';
import type { BrokerLimits } from './broker-options.ts';
import type { SubscribeFrame } from './client-frames.ts';
import { Start } from './constants.ts';
import { ProtocolError } from './protocol-error.ts';

/** What the subscriptions of all connections share. */
export interface Feed {
  readonly registry: TopicRegistry;
  readonly channel: BroadcastChannel<Message>;
  readonly clock: Clock;
  readonly limits: BrokerLimits;
}

/**
 * The subscriptions of one connection: a receiver on the channel that carries every message of the broker, and
 * a subscriber whose buffers keep the few that are wanted. After the seed zaichik.
 */
export class SubscriptionManager {
  readonly subscriber: Subscriber;
  readonly #feed: Feed;
  readonly #wake: () => void;
  // Only with at least one subscription: a client that only publishes need not look at every message.
  #receiver: Receiver<Message> | undefined;

  /** @param wake - called at the end of a turn in which messages were published: collect then */
  constructor(feed: Feed, wake: () => void) {
    const { clock, limits } = feed;
    this.#feed = feed;
    this.#wake = wake;
    this.subscriber = new Subscriber({
      clock,
      maxMessages: limits.maxLagMessages,
      maxBytes: limits.maxLagBytes,
      maxKeys: limits.maxKeys,
      maxSubscriptions: limits.maxSubscriptions,
    });
  }

  // #region collect
  /**
   * Take what was published since the last time from the channel into the buffers. Before the subscriptions
   * change, and before the lag is told, everything that was published until then must have been taken.
   *
   * @throws ProtocolError SLOW when a message does not fit
   */
  collect(): void {
    // task 4.5: from the channel of all messages into this client's buffers
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    for (let received = receiver.tryReceive(); received !== undefined; received = receiver.tryReceive()) {
      if ('lagged' in received) throw tooSlow(`${received.lagged} messages were overwritten`);
      if (this.subscriber.offer(received.value) === 'full') throw tooSlow('its buffer is full');
    }
  }
  // #endregion collect

  /**
   * Subscribe, or begin an existing subscription anew.
   *
   * @returns how many messages of the topic's history that queued
   * @throws TopicError `LIMIT` or `OUT_OF_RANGE`; then nothing has changed
   */
  subscribe({ topic, start, after, window }: SubscribeFrame): number {
    this.collect();
    const { registry, limits } = this.#feed;
    // Both before the topic comes into being: a request that is refused must not leave one behind.
    if (start === Start.AFTER) checkStart(topic, after, registry.get(topic)?.lastId ?? 0);
    if (
      this.subscriber.subscription(topic) === undefined &&
      this.subscriber.size >= limits.maxSubscriptions
    ) {
      throw new TopicError(
        'LIMIT',
        `${limits.maxSubscriptions} subscriptions are the most a client may have`,
      );
    }
    const subscription = this.subscriber.subscribe(registry.use(topic), {
      start: start === Start.AFTER ? { after } : start === Start.EARLIEST ? 'all' : 'next',
      window,
    });
    this.#receiver ??= this.#feed.channel.subscribe({ wake: this.#wake });
    return subscription.lag;
  }

  /** @throws TopicError `NOT_SUBSCRIBED` */
  unsubscribe(topic: string): void {
    this.collect();
    this.subscriber.unsubscribe(topic);
    if (this.subscriber.size === 0) this.#leave();
  }

  /**
   * @returns how many messages that settled
   * @throws TopicError `NOT_SUBSCRIBED` or `BAD_COMMIT`
   */
  commit(topic: string, id: number): number {
    return this.subscriber.commit(topic, id);
  }

  /** Messages of all subscriptions that are not settled yet. */
  lag(): number {
    this.collect();
    return this.subscriber.lag;
  }

  /** End all subscriptions. */
  close(): void {
    this.#leave();
    this.subscriber.close();
  }

  #leave(): void {
    this.#receiver?.close();
    this.#receiver = undefined;
  }
}

function checkStart(topic: string, after: number, lastId: number): void {
  if (after <= lastId) return;
  throw new TopicError(
    'OUT_OF_RANGE',
    `after id ${after}, but the last id of ${JSON.stringify(topic)} is ${lastId}`,
  );
}

function tooSlow(why: string): ProtocolError {
  return new ProtocolError('SLOW', `the subscriber is too slow: ${why}`);
}
