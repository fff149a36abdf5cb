import { Allowance, type AllowanceLimits, atLeastOne } from './allowance.ts';
import type { Delivery, Message } from './message.ts';
import type { BufferOptions, PushResult } from './message-buffer.ts';
import { ReadyHeap } from './ready-heap.ts';
import { type SubscribeOptions, Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';
import { TopicError } from './topic-error.ts';

/** What a `Subscriber` is made with. The limits hold for all its subscriptions together. */
export interface SubscriberOptions extends BufferOptions, AllowanceLimits {
  /** Most subscriptions. @defaultValue 10,000 */
  readonly maxSubscriptions?: number;
}

/** One client that reads any number of topics over one connection. */
export class Subscriber {
  readonly #options: BufferOptions;
  readonly #allowance: Allowance;
  readonly #maxSubscriptions: number;
  readonly #subscriptions = new Map<string, Subscription>();
  // Invariant: holds exactly the subscriptions whose buffer is ready. The rank is the order of the message
  // that waits first; one that has become too old since ranks too early, and is found out when taken.
  readonly #ready = new ReadyHeap<Subscription>();

  /** @throws RangeError for a limit that is not a whole number of at least 1 */
  constructor(options: SubscriberOptions) {
    const { clock, overflow = 'refuse', maxKeys = 100_000, maxSubscriptions = 10_000 } = options;
    this.#options = { clock, overflow, maxKeys };
    this.#allowance = new Allowance(options);
    this.#maxSubscriptions = atLeastOne('maxSubscriptions', maxSubscriptions);
  }

  /** The subscriptions, in the order in which they were made. */
  subscriptions(): IterableIterator<Subscription> {
    return this.#subscriptions.values();
  }

  /** The subscription to this topic, if there is one. */
  subscription(topic: string): Subscription | undefined {
    return this.#subscriptions.get(topic);
  }

  /** How many subscriptions there are. */
  get size(): number {
    return this.#subscriptions.size;
  }

  /** The common lag: messages of all topics that are not settled yet. Costs a look at each subscription. */
  get lag(): number {
    let lag = 0;
    for (const subscription of this.#subscriptions.values()) lag += subscription.lag;
    return lag;
  }

  /** Messages that count against the limit now: those that wait, but not those of a topic's history. */
  get queuedMessages(): number {
    return this.#allowance.messages;
  }

  /** Bytes that count against the limit now. */
  get queuedBytes(): number {
    return this.#allowance.bytes;
  }

  /**
   * Subscribe to a topic. When it is subscribed already, the same subscription begins anew, with this start
   * and this window.
   *
   * @throws TopicError `LIMIT` for one subscription too many, `OUT_OF_RANGE` for a start in the future
   * @throws RangeError for a window that is not a whole number from 0 to 65535
   */
  subscribe(topic: Topic, options: SubscribeOptions = {}): Subscription {
    let subscription = this.#subscriptions.get(topic.name);
    if (subscription === undefined) {
      if (this.#subscriptions.size >= this.#maxSubscriptions) {
        throw new TopicError(
          'LIMIT',
          `${this.#maxSubscriptions} subscriptions are the most a client may have`,
        );
      }
      subscription = new Subscription(topic, this.#ready, this.#allowance, this.#options);
    }
    subscription.begin(options);
    this.#subscriptions.set(topic.name, subscription);
    return subscription;
  }

  /**
   * End a subscription; what waited in it is forgotten.
   *
   * @throws TopicError `NOT_SUBSCRIBED`
   */
  unsubscribe(topic: string): Subscription {
    const subscription = this.#find(topic);
    this.#subscriptions.delete(topic);
    subscription.clear();
    return subscription;
  }

  /** Offer a message to the subscription of its topic. `ignored` when there is none. */
  offer(message: Message): PushResult | 'ignored' {
    return this.#subscriptions.get(message.topic)?.offer(message) ?? 'ignored';
  }

  // #region take
  /**
   * What to hand out next: of all topics whose window is open, the message that was published first. News of
   * lost messages goes before messages. `undefined` when there is nothing to hand out.
   */
  take(): Delivery | undefined {
    // task 2.6: take from the topic whose turn it is
    for (let first = this.#ready.first; first !== undefined; first = this.#ready.first) {
      const delivery = first.next();
      if (delivery !== undefined) return delivery;
    }
    return undefined;
  }
  // #endregion take

  /**
   * The client is done with every message of this topic up to `id`.
   *
   * @returns how many messages this settled
   * @throws TopicError `NOT_SUBSCRIBED`, or `BAD_COMMIT` for an id beyond the last one handed out
   */
  commit(topic: string, id: number): number {
    return this.#find(topic).commit(id);
  }

  /** End all subscriptions. */
  close(): void {
    for (const topic of [...this.#subscriptions.keys()]) this.unsubscribe(topic);
  }

  #find(topic: string): Subscription {
    const subscription = this.#subscriptions.get(topic);
    if (subscription !== undefined) return subscription;
    throw new TopicError('NOT_SUBSCRIBED', `there is no subscription to topic ${JSON.stringify(topic)}`);
  }
}
