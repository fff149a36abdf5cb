import { isPattern, ProtocolError, Start } from '#protocol';
import { checkPatternGrant } from '../access/grants.ts';
import type { Topic } from '../topics/topic.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import type { IndexedPattern, PatternIndex } from './pattern-index.ts';
import { compilePattern, type Matcher } from './patterns.ts';
import type { SubscribeFrame, Subscription, SubscriptionHost, SubscriptionKind } from './subscription.ts';

/** How many patterns there may be, and how long they may be. */
export interface PatternLimits {
  readonly maxPatterns: number;
  readonly maxTotalPatterns: number;
  readonly maxPatternTokens: number;
}

/** What {@link PatternSubscriptions} needs of the broker. */
export interface PatternSubscriptionsHost {
  readonly limits: PatternLimits;
  readonly topics: Pick<TopicTable, 'get'> & Iterable<Topic>;
  readonly index: PatternIndex;
}

/** How many topics are looked at before the time is: a walk goes on in pieces of so many. */
const PIECE = 64;

/**
 * Subscriptions by pattern. A pattern is looked at when it is subscribed and when a topic comes into being, never
 * when something is published: to each topic that fits, the client is subscribed as if it had named it.
 */
export class PatternSubscriptions implements SubscriptionKind {
  readonly #host: PatternSubscriptionsHost;

  constructor(host: PatternSubscriptionsHost) {
    this.#host = host;
  }

  /** How many there are. */
  get size(): number {
    return this.#host.index.size;
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
    const { maxPatternTokens } = this.#host.limits;
    if (topic.split('.', maxPatternTokens + 1).length > maxPatternTokens) {
      throw new ProtocolError('BAD_TOPIC', `a pattern has at most ${maxPatternTokens} tokens between dots`);
    }
    compilePattern(topic);
    checkPatternGrant(grants, topic);
  }

  subscribe(frame: SubscribeFrame, client: SubscriptionHost): PatternSubscription {
    const { maxPatterns, maxTotalPatterns } = this.#host.limits;
    const { subscriptions } = client;
    if (!subscriptions.has(frame.topic)) {
      if (subscriptions.patterns >= maxPatterns) {
        throw new ProtocolError('LIMIT', `${maxPatterns} patterns are the most for one connection`);
      }
      if (this.size >= maxTotalPatterns) {
        throw new ProtocolError(
          'LIMIT',
          `there are ${maxTotalPatterns} patterns, the most this broker holds`,
        );
      }
    }
    return new PatternSubscription(frame, client, this.#host);
  }
}

/** One pattern of one client. It leads to topics, and holds nothing itself. */
export class PatternSubscription implements Subscription, IndexedPattern {
  /** What waits for the client waits in the topics that this leads to. */
  readonly lag = 0;
  isWalking = false;
  readonly #frame: SubscribeFrame;
  readonly #client: SubscriptionHost;
  readonly #matches: Matcher;
  readonly #host: PatternSubscriptionsHost;
  // Where it begins in a topic that it meets on its walk, as in SUBSCRIBE.
  #start: number;
  #refused = false;
  #left = false;

  constructor(frame: SubscribeFrame, client: SubscriptionHost, host: PatternSubscriptionsHost) {
    this.#frame = { ...frame, request: 0 };
    this.#client = client;
    this.#matches = compilePattern(frame.topic);
    this.#host = host;
    this.#start = frame.start;
  }

  start(): void {
    const { index, topics } = this.#host;
    index.add(this.#frame.topic, this);
    this.#walk(topics, this.#frame.start);
  }

  offer(topic: string): void {
    const { grants, subscriptions } = this.#client;
    if (this.#left || subscriptions.has(topic) || !this.#matches(topic)) return;
    // A pattern is no way around permissions: topics that the client may not read stay out.
    if (!grants.maySubscribe(topic)) return;
    const { fullBecause } = subscriptions;
    if (fullBecause !== undefined) {
      const message = `${fullBecause}: further topics for "${this.#frame.topic}" are left out`;
      this.#refuse(() => new ProtocolError('LIMIT', message));
      return;
    }
    try {
      subscriptions.attach({ ...this.#frame, topic, start: this.#start }, this);
      this.#refused = false;
    } catch (error) {
      this.#refuse(() => error);
    }
  }

  offerAgain(names: readonly string[]): void {
    this.#walk(this.#known(names), Start.LATEST);
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
    this.#left = true;
    this.#host.index.delete(this.#frame.topic, this);
    this.#walkEnded();
  }

  #walk(topics: Iterable<Topic>, start: number): void {
    this.#start = start;
    this.isWalking = true;
    this.#host.index.walkBegan();
    this.#client.workOn(this.#pieces(topics));
  }

  /** Offers the topics one by one. Some may come and go in between: those that come are offered by the index. */
  *#pieces(topics: Iterable<Topic>): Generator<void> {
    let count = 0;
    for (const topic of topics) {
      if (this.#left) return;
      if (!topic.forgotten) this.offer(topic.name);
      count++;
      if (count % PIECE === 0) yield;
    }
    this.#walkEnded();
  }

  *#known(names: readonly string[]): Generator<Topic> {
    for (const name of names) {
      const topic = this.#host.topics.get(name);
      if (topic !== undefined) yield topic;
    }
  }

  /** However many topics it may not lead to, one ERROR says so. */
  #refuse(error: () => unknown): void {
    if (!this.#refused) this.#client.refuse(error());
    this.#refused = true;
  }

  #walkEnded(): void {
    if (!this.isWalking) return;
    this.isWalking = false;
    this.#host.index.walkEnded();
  }
}
