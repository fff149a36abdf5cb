import { checkTopic, ProtocolError } from '#protocol';
import { PastIds } from './past-ids.ts';
import { Topic, type TopicHost, type TopicLimits } from './topic.ts';

/** What a table of topics needs of its broker. */
export interface TopicTableHost extends TopicHost {
  readonly limits: TopicLimits & { readonly maxTopics: number; readonly maxTopicBytes: number };
  /** A topic has come into being; nothing has been published to it. */
  topicCreated?(topic: Topic): void;
}

/** Topics that are looked at, when there are too many, for one that may vanish at once. */
const MAKE_ROOM_LOOKS = 100;

/**
 * The topics of a broker by name. A topic comes into being when it is first used, and vanishes when it holds nothing any
 * more; its ids go on when it comes back.
 */
export class TopicTable {
  readonly #topics = new Map<string, Topic>();
  readonly #host: TopicTableHost;
  readonly #past: PastIds;
  // Messages that were published to topics that are gone.
  #published = 0;
  // Where it was looked last for a topic that may vanish.
  #looking: Iterator<Topic> | undefined;

  constructor(host: TopicTableHost) {
    this.#host = host;
    this.#past = new PastIds(host.limits.maxTopics);
  }

  /** How many there are. */
  get size(): number {
    return this.#topics.size;
  }

  /** Messages that were published to all topics, those that are gone included. Walks over all. */
  get published(): number {
    let published = this.#published;
    for (const topic of this.#topics.values()) published += topic.published;
    return published;
  }

  /** All of them, in the order in which they came into being. */
  [Symbol.iterator](): IterableIterator<Topic> {
    return this.#topics.values();
  }

  /** The topic of that name, if there is one. */
  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  /** The newest id that was given out for a topic, be it there or gone: 0, or the first ids of new topics begin after it. */
  lastIdOf(name: string): number {
    return this.#topics.get(name)?.log.lastId ?? this.#past.of(name);
  }

  /**
   * The topic of that name, new if need be.
   *
   * @throws ProtocolError BAD_TOPIC for a bad name, LIMIT when there are too many; neither is fatal
   */
  use(name: string): Topic {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const { maxTopics, maxTopicBytes } = this.#host.limits;
    checkTopic(name, maxTopicBytes);
    if (this.#topics.size >= maxTopics && !this.#makeRoom()) {
      throw new ProtocolError('LIMIT', `there are ${maxTopics} topics, the most this broker holds`);
    }
    const topic = new Topic(name, this.#host, this.#past.of(name));
    this.#past.forget(name);
    this.#topics.set(name, topic);
    this.#host.topicCreated?.(topic);
    return topic;
  }

  /** Forgets a topic that holds nothing any more, but for its last id. */
  vanish(topic: Topic): void {
    if (!topic.holdsNothing || this.#topics.get(topic.name) !== topic) return;
    this.#topics.delete(topic.name);
    this.#past.remember(topic.name, topic.log.lastId);
    this.#published += topic.published;
    topic.forgotten = true;
  }

  /** Takes away all that a topic holds, and the topic itself when nobody reads it. */
  delete(topic: Topic): void {
    topic.clear();
    this.vanish(topic);
  }

  /** Lets a topic vanish whose time would come later. A few are looked at, not all: it may be asked for very often. */
  #makeRoom(): boolean {
    for (let looks = 0; looks < MAKE_ROOM_LOOKS; looks++) {
      this.#looking ??= this.#topics.values();
      const { value: topic } = this.#looking.next();
      if (topic === undefined) this.#looking = undefined;
      else if (topic.holdsNothing) {
        this.vanish(topic);
        return true;
      }
    }
    return false;
  }
}
