import { isPattern, ProtocolError, Start } from '#protocol';
import { checkPatternGrant } from '../access/grants.ts';
import type { Topic } from '../topics/topic.ts';
import { compilePattern, type Matcher } from './patterns.ts';
import type { SubscribeFrame, Subscription, SubscriptionHost, SubscriptionKind } from './subscription.ts';

/**
 * Subscriptions by pattern. A pattern is looked at when it is subscribed and when a topic comes into being, never
 * when something is published: to each topic that fits, the client is subscribed as if it had named it.
 */
export class PatternSubscriptions implements SubscriptionKind {
  readonly #topics: Iterable<Topic>;
  readonly #all = new Set<PatternSubscription>();

  constructor(topics: Iterable<Topic>) {
    this.#topics = topics;
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  claims({ topic }: SubscribeFrame): boolean {
    return isPattern(topic);
  }

  check({ topic, start, group }: SubscribeFrame, { grants }: SubscriptionHost): void {
    if (group !== '') throw new ProtocolError('UNSUPPORTED', 'a group takes one topic, not a pattern');
    if (start === Start.AFTER) {
      const message = 'each topic has ids of its own: a pattern cannot start after one';
      throw new ProtocolError('BAD_REQUEST', message);
    }
    compilePattern(topic);
    checkPatternGrant(grants, topic);
  }

  subscribe(frame: SubscribeFrame, client: SubscriptionHost): PatternSubscription {
    return new PatternSubscription(frame, client, this.#topics, this.#all);
  }

  /** A topic has come into being: all that is ever published there is "what comes next". */
  topicCreated({ name }: Topic): void {
    for (const pattern of this.#all) pattern.offer(name);
  }
}

/** One pattern of one client. It leads to topics, and holds nothing itself. */
export class PatternSubscription implements Subscription {
  /** What waits for the client waits in the topics that this leads to. */
  readonly lag = 0;
  readonly #frame: SubscribeFrame;
  readonly #client: SubscriptionHost;
  readonly #matches: Matcher;
  readonly #topics: Iterable<Topic>;
  readonly #all: Set<PatternSubscription>;
  #refused = false;

  constructor(
    frame: SubscribeFrame,
    client: SubscriptionHost,
    topics: Iterable<Topic>,
    all: Set<PatternSubscription>,
  ) {
    this.#frame = { ...frame, request: 0 };
    this.#client = client;
    this.#matches = compilePattern(frame.topic);
    this.#topics = topics;
    this.#all = all;
  }

  start(): void {
    this.#all.add(this);
    for (const { name } of this.#topics) this.offer(name);
  }

  offer(topic: string, start: number = this.#frame.start): void {
    const { grants, subscriptions } = this.#client;
    if (!this.#matches(topic) || subscriptions.has(topic)) return;
    // A pattern is no way around permissions: topics that the client may not read stay out.
    if (!grants.maySubscribe(topic)) return;
    try {
      subscriptions.attach({ ...this.#frame, topic, start }, this);
      this.#refused = false;
    } catch (error) {
      // Where it leads to many more topics than the client may subscribe to, one ERROR says so.
      if (!this.#refused) this.#client.refuse(error);
      this.#refused = true;
    }
  }

  commit(): void {
    throw new ProtocolError(
      'NOT_SUBSCRIBED',
      'ids belong to topics: commit to the topic, not to the pattern',
    );
  }

  /** Each topic that it leads to delivers for itself. */
  deliverRest(): void {}

  leave(): void {
    this.#all.delete(this);
  }
}
