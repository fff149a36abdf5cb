import { checkTopic, ProtocolError } from '#protocol';
import { Topic, type TopicHost, type TopicLimits } from './topic.ts';

/** What a table of topics needs of its broker. */
export interface TopicTableHost extends TopicHost {
  readonly limits: TopicLimits & { readonly maxTopics: number; readonly maxTopicBytes: number };
  /** A topic has come into being; nothing has been published to it. */
  topicCreated?(topic: Topic): void;
}

/** The topics of a broker by name. A topic comes into being when it is first used. */
export class TopicTable {
  readonly #topics = new Map<string, Topic>();
  readonly #host: TopicTableHost;

  constructor(host: TopicTableHost) {
    this.#host = host;
  }

  /** How many there are. */
  get size(): number {
    return this.#topics.size;
  }

  /** All of them, in the order in which they came into being. */
  [Symbol.iterator](): IterableIterator<Topic> {
    return this.#topics.values();
  }

  /** The topic of that name, if there is one. */
  get(name: string): Topic | undefined {
    return this.#topics.get(name);
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
    if (this.#topics.size >= maxTopics) {
      throw new ProtocolError('LIMIT', `there are ${maxTopics} topics, the most this broker holds`);
    }
    const topic = new Topic(name, this.#host);
    this.#topics.set(name, topic);
    this.#host.topicCreated?.(topic);
    return topic;
  }

  /** Forgets a topic that nobody reads any more, with all that it holds. */
  remove(topic: Topic): void {
    if (topic.readers.length > 0) return;
    this.#topics.delete(topic.name);
    topic.forgotten = true;
  }
}
