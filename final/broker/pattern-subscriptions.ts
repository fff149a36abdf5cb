import { errorFrame, type Session, type Topic, toProtocolError } from '#log';
import { ProtocolError, Start, type SubscribeFrame } from '#protocol/old';
import { compilePattern, type Matcher } from './patterns.ts';

interface PatternSubscription {
  readonly session: Session;
  readonly frame: SubscribeFrame;
  readonly matches: Matcher;
  /** The topics to which this pattern, and no subscription of their own, leads. */
  readonly attached: Set<Topic>;
}

/**
 * Subscriptions by pattern. A pattern is looked at when it is subscribed and when a topic comes into being, never
 * when something is published: to each topic that fits, the session is subscribed as if it had named it.
 */
export class PatternSubscriptions {
  readonly #bySession = new Map<Session, Map<string, PatternSubscription>>();

  /** How many there are. */
  get size(): number {
    let size = 0;
    for (const patterns of this.#bySession.values()) size += patterns.size;
    return size;
  }

  /**
   * Takes a SUBSCRIBE with a pattern.
   *
   * @throws ProtocolError BAD_TOPIC for a pattern that is none, BAD_REQUEST for a start after an id, LIMIT
   */
  subscribe(frame: SubscribeFrame, session: Session, topics: Iterable<Topic>): void {
    const { request, topic: pattern, start } = frame;
    if (start === Start.AFTER) {
      throw new ProtocolError(
        'BAD_REQUEST',
        'each topic has ids of its own: a pattern cannot start after one',
        {
          request,
        },
      );
    }
    const matches = compilePattern(pattern, request);
    const patterns = this.#bySession.get(session) ?? new Map<string, PatternSubscription>();
    const { maxSubscriptions } = session.home.limits;
    const old = patterns.get(pattern);
    if (old === undefined && patterns.size >= maxSubscriptions) {
      throw new ProtocolError('LIMIT', `${maxSubscriptions} patterns are the most for one connection`, {
        request,
      });
    }
    if (old !== undefined) this.#detach(old);
    const subscription = { session, frame: { ...frame, request: 0 }, matches, attached: new Set<Topic>() };
    patterns.set(pattern, subscription);
    this.#bySession.set(session, patterns);
    session.answerOk(request);
    for (const topic of topics) this.#attach(subscription, topic, subscription.frame);
  }

  /** Takes an UNSUBSCRIBE with a pattern. False when there is no such subscription. */
  unsubscribe(pattern: string, session: Session): boolean {
    const patterns = this.#bySession.get(session);
    const subscription = patterns?.get(pattern);
    if (patterns === undefined || subscription === undefined) return false;
    patterns.delete(pattern);
    if (patterns.size === 0) this.#bySession.delete(session);
    this.#detach(subscription);
    for (const topic of subscription.attached) this.reattach(topic, session);
    return true;
  }

  /** A topic has come into being: all that is ever published there is "what comes next". */
  topicCreated(topic: Topic): void {
    for (const patterns of this.#bySession.values()) {
      for (const subscription of patterns.values()) this.#attach(subscription, topic, subscription.frame);
    }
  }

  /** The session names this topic itself now: its subscription no longer belongs to a pattern. */
  takeOver(topic: string, session: Session): void {
    for (const { attached } of this.#bySession.get(session)?.values() ?? []) {
      for (const candidate of attached) if (candidate.name === topic) attached.delete(candidate);
    }
  }

  /** The session no longer names this topic itself; a pattern of it may still lead there. */
  reattach(topic: Topic, session: Session): void {
    for (const subscription of this.#bySession.get(session)?.values() ?? []) {
      this.#attach(subscription, topic, { ...subscription.frame, start: Start.LATEST });
    }
  }

  /** The session is over. */
  sessionClosed(session: Session): void {
    this.#bySession.delete(session);
  }

  #attach(subscription: PatternSubscription, topic: Topic, frame: SubscribeFrame): void {
    const { session, matches, attached } = subscription;
    if (!matches(topic.name) || session.subscriptions.has(topic.name)) return;
    // A pattern is no way around permissions: topics that the client may not read stay out.
    if (session.grants?.maySubscribe(topic.name) === false) return;
    try {
      session.subscribe(topic, frame);
      attached.add(topic);
    } catch (error) {
      session.answer(errorFrame(toProtocolError(error)));
    }
  }

  #detach({ session, attached }: PatternSubscription): void {
    for (const topic of attached) {
      const reader = session.subscriptions.get(topic.name);
      if (reader !== undefined) session.unsubscribe(reader);
    }
  }
}
