import { ProtocolError } from '#protocol';
import { denied } from '../access/grants.ts';
import type { SlowPolicy } from '../limits.ts';
import { Topic, type TopicHost, type TopicLimits } from './topic.ts';

/** What inboxes need of their broker. */
export interface InboxesHost extends TopicHost {
  readonly limits: TopicLimits & { readonly maxInboxes: number };
}

/** An inbox as its owner holds it. */
interface Inbox {
  readonly topic: Topic;
  readonly owner: object;
  /** Subscriptions of the owner that read it: two for a moment, when one takes the place of another. */
  readers: number;
}

/**
 * The inboxes: topics that carry replies to one client, which owns them. Its owner is the connection that subscribes first; an
 * inbox is there as long as its owner reads it. They are apart from the topics, so that nothing which goes through those
 * meets them: no pattern, no list, no monitor.
 *
 * Invariant: an inbox stands in the table while its `readers` are not 0, and its topic is `forgotten` from then on.
 */
export class Inboxes {
  readonly #host: InboxesHost;
  readonly #byName = new Map<string, Inbox>();
  readonly #countOf = new Map<object, number>();
  #publishedBefore = 0;

  constructor(host: InboxesHost) {
    // Whoever answers must not have to wait for an asker that reads nothing.
    this.#host = { ...host, limits: { ...host.limits, slowPolicy: withoutBlocking(host.limits.slowPolicy) } };
  }

  /** How many there are. */
  get size(): number {
    return this.#byName.size;
  }

  /** Messages that were ever published to inboxes, those that are gone included. */
  get published(): number {
    let published = this.#publishedBefore;
    for (const { topic } of this.#byName.values()) published += topic.log.lastId;
    return published;
  }

  /** Their topics, for those who keep house. */
  *topics(): Generator<Topic> {
    for (const { topic } of this.#byName.values()) yield topic;
  }

  /** The inbox of that name, for those who publish to it. */
  get(name: string): Topic | undefined {
    return this.#byName.get(name)?.topic;
  }

  /**
   * The inbox of that name, for one more subscription of its owner; {@link Inboxes.leave} ends that.
   *
   * @param owner - who asks; the owner from now on if there is none
   * @throws ProtocolError LIMIT when it owns too many, DENIED when somebody else owns this one; neither is fatal
   */
  enter(name: string, owner: object): Topic {
    const inbox = this.#byName.get(name);
    if (inbox?.owner === owner) {
      inbox.readers++;
      return inbox.topic;
    }
    const { maxInboxes } = this.#host.limits;
    const count = this.#countOf.get(owner) ?? 0;
    // Asked first: what a client at its limit is told does not depend on what others have.
    if (count >= maxInboxes) {
      throw new ProtocolError('LIMIT', `${maxInboxes} inboxes are the most for one connection`);
    }
    if (inbox !== undefined) throw denied('maySubscribe', name);
    const topic = new Topic(name, this.#host);
    this.#byName.set(name, { topic, owner, readers: 1 });
    this.#countOf.set(owner, count + 1);
    return topic;
  }

  /** A subscription has ended. With the last one the inbox goes, and what it holds. */
  leave(topic: Topic): void {
    const inbox = this.#byName.get(topic.name);
    if (inbox?.topic !== topic) return;
    inbox.readers--;
    if (inbox.readers > 0) return;
    this.#byName.delete(topic.name);
    this.#publishedBefore += topic.log.lastId;
    topic.forget();
    const left = (this.#countOf.get(inbox.owner) ?? 0) - 1;
    if (left > 0) this.#countOf.set(inbox.owner, left);
    else this.#countOf.delete(inbox.owner);
  }
}

function withoutBlocking(policy: SlowPolicy): SlowPolicy {
  return policy === 'block' ? 'disconnect' : policy;
}
