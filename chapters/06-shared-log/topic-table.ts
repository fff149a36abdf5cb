import { checkTopic, ProtocolError } from '#protocol/old';
import { Topic, type TopicHome } from './topic.ts';

/** The topics of a broker by name. A topic comes into being when it is first used. */
export class TopicTable {
  readonly #topics = new Map<string, Topic>();
  readonly #home: TopicHome;
  readonly #onCreated: ((topic: Topic) => void) | undefined;

  /** @param onCreated - told of each new topic, before anything is published to it */
  constructor(home: TopicHome, onCreated?: (topic: Topic) => void) {
    this.#home = home;
    this.#onCreated = onCreated;
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
   * @param request - the client's number of the request, for the error
   * @throws ProtocolError BAD_TOPIC for a bad name, LIMIT when there are too many; neither is fatal
   */
  use(name: string, request: number): Topic {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const { maxTopics, maxTopicBytes } = this.#home.limits;
    checkTopic(name, request, maxTopicBytes);
    if (this.#topics.size >= maxTopics) {
      throw new ProtocolError('LIMIT', `there are ${maxTopics} topics, the most this broker holds`, {
        request,
      });
    }
    const topic = new Topic(name, this.#home);
    this.#topics.set(name, topic);
    this.#onCreated?.(topic);
    return topic;
  }

  /** Forgets a topic that nobody reads any more, with all that it holds. */
  remove(topic: Topic): void {
    if (topic.readers.length > 0) return;
    this.#topics.delete(topic.name);
    topic.forgotten = true;
  }
}
