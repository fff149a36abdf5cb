import { ProtocolError } from '#protocol';
import type {
  HeldSubscriptions,
  SubscribeFrame,
  Subscription,
  SubscriptionHost,
  SubscriptionKind,
} from './subscription.ts';
import type { SubscriptionTotal } from './subscription-total.ts';

/**
 * The subscriptions of one client, of all kinds, by the names that it gave them: topics and patterns. A topic that a pattern
 * leads to is held under its own name, as if the client had named it; so they all count towards one limit.
 */
export class SubscriptionSet implements HeldSubscriptions {
  readonly #client: SubscriptionHost;
  readonly #kinds: readonly SubscriptionKind[];
  readonly #max: number;
  readonly #total: SubscriptionTotal;
  readonly #byName = new Map<string, Subscription>();
  // Made when first needed: most clients use no patterns.
  #attachedBy: Map<string, Subscription> | undefined;
  #patterns: Set<Subscription> | undefined;

  /**
   * @param kinds - the first one that claims a SUBSCRIBE takes it; the last one takes all that are left
   * @param max - how many may be held
   * @param total - those of all clients, these among them
   */
  constructor(
    client: SubscriptionHost,
    kinds: readonly SubscriptionKind[],
    max: number,
    total: SubscriptionTotal,
  ) {
    this.#client = client;
    this.#kinds = kinds;
    this.#max = max;
    this.#total = total;
  }

  /** How many there are, of all kinds. */
  get size(): number {
    return this.#byName.size;
  }

  /** Messages that wait for this client. */
  get lag(): number {
    let lag = 0;
    for (const subscription of this.#byName.values()) lag += subscription.lag;
    return lag;
  }

  get fullBecause(): string | undefined {
    if (this.size >= this.#max) return `${this.#max} subscriptions are the most for one connection`;
    const { size, max } = this.#total;
    return size >= max ? `there are ${max} subscriptions, the most this broker holds` : undefined;
  }

  get patterns(): number {
    return this.#patterns?.size ?? 0;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /**
   * Serves a SUBSCRIBE. It takes the place of what is held under the same name.
   *
   * @throws ProtocolError as {@link SubscriptionKind} says; LIMIT when there are too many
   */
  subscribe(frame: SubscribeFrame): void {
    const subscription = this.#make(frame);
    // It has its place in the log already, so nothing is lost in between.
    this.#remove(frame.topic);
    this.#hold(frame.topic, subscription);
    if (subscription.offerAgain !== undefined) {
      this.#patterns ??= new Set();
      this.#patterns.add(subscription);
    }
    this.#client.answerOk(frame.request);
    subscription.start();
  }

  /**
   * Serves an UNSUBSCRIBE. A pattern may still lead to a topic that is no longer named: there it goes on with what comes.
   *
   * @throws ProtocolError NOT_SUBSCRIBED
   */
  unsubscribe(name: string, request: number): void {
    this.#find(name);
    const freed = this.#remove(name);
    this.#client.answerOk(request);
    if (freed.length === 0) return;
    for (const pattern of this.#patterns ?? []) pattern.offerAgain?.(freed);
  }

  /**
   * Serves a COMMIT.
   *
   * @throws ProtocolError NOT_SUBSCRIBED or BAD_COMMIT
   */
  commit(name: string, id: number): void {
    this.#find(name).commit(id);
  }

  attach(frame: SubscribeFrame, by: Subscription): void {
    const subscription = this.#make(frame);
    this.#hold(frame.topic, subscription);
    this.#attachedBy ??= new Map();
    this.#attachedBy.set(frame.topic, by);
    subscription.start();
  }

  /** Delivers what was published up to now, as far as the client takes it. */
  deliverRest(): void {
    for (const subscription of this.#byName.values()) subscription.deliverRest();
  }

  /** Ends all. */
  clear(): void {
    for (const subscription of this.#byName.values()) subscription.leave();
    this.#total.size -= this.size;
    this.#byName.clear();
    this.#attachedBy = undefined;
    this.#patterns = undefined;
  }

  #find(name: string): Subscription {
    const subscription = this.#byName.get(name);
    if (subscription !== undefined) return subscription;
    throw new ProtocolError('NOT_SUBSCRIBED', 'this connection does not subscribe to that topic');
  }

  #make(frame: SubscribeFrame): Subscription {
    const kind = this.#kinds.find((each) => each.claims(frame)) as SubscriptionKind;
    kind.check(frame, this.#client);
    const { fullBecause } = this;
    if (fullBecause !== undefined && !this.has(frame.topic)) throw new ProtocolError('LIMIT', fullBecause);
    return kind.subscribe(frame, this.#client);
  }

  #hold(name: string, subscription: Subscription): void {
    this.#byName.set(name, subscription);
    this.#total.size++;
  }

  /** Ends what is held under a name, if anything. Returns the topics that nothing leads to any more. */
  #remove(name: string): string[] {
    const subscription = this.#byName.get(name);
    if (subscription === undefined) return [];
    this.#byName.delete(name);
    this.#total.size--;
    this.#attachedBy?.delete(name);
    subscription.leave();
    if (this.#patterns?.delete(subscription) !== true) return [name];
    const freed: string[] = [];
    for (const [topic, by] of this.#attachedBy ?? []) if (by === subscription) freed.push(topic);
    for (const topic of freed) this.#remove(topic);
    return freed;
  }
}
