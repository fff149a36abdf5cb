import { type Limit, readLimits } from '#framing';
import type { Message } from './message.ts';
import { checkStart, MessageBuffer, type SubscribeOptions } from './message-buffer.ts';
import { type Overflow, QUEUE_LIMITS, QueueLimit } from './queue-limit.ts';
import type { Topic } from './topic.ts';
import { TopicError } from './topic-error.ts';
import type { TopicRegistry } from './topic-registry.ts';

/** What bounds a subscriber, in all its subscriptions together. */
export const SUBSCRIBER_LIMITS = {
  ...QUEUE_LIMITS,
  /** Most subscriptions. */
  maxSubscriptions: { default: 10_000, min: 1, max: 16_777_216 },
} as const satisfies Record<string, Limit>;

/** The limits of a subscriber, each with a value. */
export type SubscriberLimits = Readonly<Record<keyof typeof SUBSCRIBER_LIMITS, number>>;

/** What a `Subscriber` is made with. */
export interface SubscriberOptions extends Partial<SubscriberLimits> {
  /** What is done with a message that does not fit. @defaultValue 'refuse' */
  readonly overflow?: Overflow;
}

/**
 * One client that reads any number of topics over one connection, with a buffer for
 * each.
 */
export class Subscriber {
  // step 2.10: many subscriptions, one limit
  // #region subscriptions
  readonly #maxSubscriptions: number;
  readonly #limit: QueueLimit;
  readonly #buffers = new Map<string, MessageBuffer>();
  // Invariant: every buffer that has something to hand out is in it, in the order of
  // their turns. Others may be. All of them stand behind the place of #line: a Set's
  // iterator is live, and meets what is added later.
  readonly #ready = new Set<MessageBuffer>();
  readonly #line = this.#ready.values();

  /** @throws OptionError for a limit out of range */
  constructor({ overflow = 'refuse', ...given }: SubscriberOptions = {}) {
    const { maxSubscriptions, ...queues } = readLimits(SUBSCRIBER_LIMITS, given);
    this.#maxSubscriptions = maxSubscriptions;
    this.#limit = new QueueLimit(queues, overflow);
  }

  /**
   * The common lag: messages of all topics that are not settled yet. Costs a look at
   * each subscription.
   */
  get lag(): number {
    let lag = 0;
    for (const buffer of this.#buffers.values()) lag += buffer.lag;
    return lag;
  }

  /**
   * How many messages count against the limit now: those that wait, but not those in a
   * topic's memory.
   */
  get queuedMessages(): number {
    return this.#limit.messages;
  }

  /**
   * Subscribes to a topic. When it is subscribed already, the subscription begins anew,
   * with this start and this window: what waited and what was uncommitted is forgotten.
   *
   * @throws TopicError `LIMIT` for one subscription too many, `OUT_OF_RANGE` for a
   * start in the future
   * @throws OptionError for a window that is not a whole number from 0 to 65535
   */
  subscribe(topic: Topic, options: SubscribeOptions = {}): void {
    this.#checkRoom(topic.name);
    const buffer = new MessageBuffer(topic, options, this.#limit);
    this.#drop(topic.name);
    this.#buffers.set(topic.name, buffer);
    this.#ready.add(buffer);
  }

  /**
   * Subscribes to the topic of this name, which comes into being if there is none. But
   * not for nothing: what is refused leaves no topic behind.
   *
   * @throws TopicError as `subscribe`, and as `TopicRegistry.use`
   * @throws OptionError as `subscribe`
   */
  subscribeIn(topics: TopicRegistry, name: string, options: SubscribeOptions = {}): void {
    this.#checkRoom(name);
    checkStart(topics.get(name)?.lastId ?? 0, name, options.start);
    this.subscribe(topics.use(name), options);
  }

  /**
   * Ends a subscription; what waited in it is forgotten.
   *
   * @throws TopicError `NOT_SUBSCRIBED`
   */
  unsubscribe(topic: string): void {
    this.#find(topic);
    this.#drop(topic);
  }

  /**
   * Offers a message of any topic: it is queued if this subscriber wants it.
   *
   * @returns whether it does
   * @throws TopicError `SLOW` when there is no room for it
   */
  offer(message: Message): boolean {
    const buffer = this.#buffers.get(message.topic);
    if (buffer === undefined) return false;
    buffer.push(message);
    this.#ready.add(buffer);
    return true;
  }
  // #endregion subscriptions

  /**
   * The buffer whose turn it is to hand something out. Each gets its turn, one after
   * the other, however much waits in the others, and one with a closed window holds up
   * nobody. `undefined` when there is nothing to hand out.
   */
  // #region next-ready
  nextReady(): MessageBuffer | undefined {
    // step 2.11: go round the topics
    // A loop that begins anew each time would walk over the places of all who were
    // deleted before.
    while (this.#ready.size > 0) {
      const { value: buffer } = this.#line.next();
      if (buffer === undefined) return undefined;
      this.#ready.delete(buffer);
      if (buffer.peek() === undefined) continue;
      // Again, at the end of the line: there may be more.
      this.#ready.add(buffer);
      return buffer;
    }
    return undefined;
  }
  // #endregion next-ready

  // #region endings
  /**
   * The client is done with every message of this topic up to `id`.
   *
   * @returns how many messages this settled
   * @throws TopicError `NOT_SUBSCRIBED`, or `BAD_COMMIT` for an id beyond the last one
   * handed out
   */
  commit(topic: string, id: number): number {
    const buffer = this.#find(topic);
    const settled = buffer.commit(id);
    this.#ready.add(buffer);
    return settled;
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const topic of [...this.#buffers.keys()]) this.#drop(topic);
  }

  #checkRoom(topic: string): void {
    if (this.#buffers.size < this.#maxSubscriptions || this.#buffers.has(topic)) return;
    throw new TopicError(
      'LIMIT',
      `${this.#maxSubscriptions} subscriptions are the most a subscriber may have`,
    );
  }

  #find(topic: string): MessageBuffer {
    const buffer = this.#buffers.get(topic);
    if (buffer !== undefined) return buffer;
    const name = JSON.stringify(topic);
    throw new TopicError('NOT_SUBSCRIBED', `there is no subscription to topic ${name}`);
  }

  #drop(topic: string): void {
    const buffer = this.#buffers.get(topic);
    if (buffer === undefined) return;
    buffer.clear();
    this.#buffers.delete(topic);
    this.#ready.delete(buffer);
  }
  // #endregion endings
}
