import { checkWhole, type Limit, readLimits } from '#framing';
import { type Clock, monotonicClock } from './clock.ts';
import { Topic, type TopicSettings } from './topic.ts';
import { TopicError } from './topic-error.ts';
import { checkTopicName, LONGEST_TOPIC_NAME } from './topic-name.ts';

/** What bounds a registry and its topics. */
export const REGISTRY_LIMITS = {
  /** Most topics. */
  maxTopics: { default: 100_000, min: 1, max: 16_777_216 },
  /** Longest name, in bytes of UTF-8. */
  maxTopicBytes: { default: LONGEST_TOPIC_NAME, min: 1, max: LONGEST_TOPIC_NAME },
  /**
   * Most bytes of retained messages for each topic, by `messageSize`. 64 MiB unless
   * told otherwise.
   */
  maxRetainedBytes: { default: 67_108_864, min: 1, max: Number.MAX_SAFE_INTEGER },
  /**
   * Most keys that each topic remembers for dedupe. A `Set` holds no more than 2^24.
   */
  maxKeys: { default: 100_000, min: 1, max: 16_777_216 },
} as const satisfies Record<string, Limit>;

/** The limits of a registry, each with a value. */
export type RegistryLimits = Readonly<Record<keyof typeof REGISTRY_LIMITS, number>>;

/** Largest age and dedupe window: what four bytes on the wire count, almost 50 days. */
const MAX_SETTING_MS = 0xffff_ffff;

/** What a {@link TopicTable} needs of its topics. */
export type TableTopic = Pick<Topic, 'settings' | 'configure' | 'trim'>;

/** Topics by name, whatever a topic is: chapter 6 has another kind. */
export class TopicTable<T extends TableTopic> {
  // step 2.6: topics by name
  // #region topic-table
  readonly #limits: RegistryLimits;
  readonly #makeTopic: (name: string, limits: RegistryLimits) => T;
  // A Map, because names come from outside: in a plain object `__proto__` would not be
  // an ordinary name.
  readonly #topics = new Map<string, T>();
  /**
   * The topics whose settings somebody chose. The others still take those of the first
   * `create`.
   */
  readonly #created = new Set<T>();

  /**
   * @param limits - those of {@link REGISTRY_LIMITS} that shall not have their default
   * @throws OptionError for a limit out of range
   */
  constructor(limits: Partial<RegistryLimits>, makeTopic: (name: string, limits: RegistryLimits) => T) {
    this.#limits = readLimits(REGISTRY_LIMITS, limits);
    this.#makeTopic = makeTopic;
  }

  /** The topic of this name, if there is one. */
  get(name: string): T | undefined {
    return this.#topics.get(name);
  }

  /**
   * The topic of this name. It comes into being if there is none.
   *
   * @throws TopicError `BAD_TOPIC` for a name that cannot be, `LIMIT` for one topic too
   * many
   */
  use(name: string): T {
    return this.#topics.get(name) ?? this.#add(name);
  }

  /**
   * Makes a topic with these settings. A topic that is there because somebody used it
   * takes them too. The same settings again are no mistake.
   *
   * @throws TopicError `TOPIC_EXISTS` when an earlier `create` gave it others, or as
   * `use`
   * @throws OptionError for settings that are not whole numbers from 0 to 2^32 - 1
   */
  create(name: string, settings: TopicSettings): void {
    const { retentionMs, dedupeMs } = settings;
    checkWhole('retentionMs', retentionMs, 0, MAX_SETTING_MS);
    checkWhole('dedupeMs', dedupeMs, 0, MAX_SETTING_MS);
    const topic = this.use(name);
    if (!this.#created.has(topic)) {
      this.#created.add(topic);
      topic.configure({ retentionMs, dedupeMs });
      return;
    }
    const has = topic.settings;
    if (has.retentionMs === retentionMs && has.dedupeMs === dedupeMs) return;
    const reason = `topic ${JSON.stringify(name)} exists with other settings`;
    throw new TopicError('TOPIC_EXISTS', reason);
  }

  /**
   * Drops what is too old in every topic. A broker calls this now and then, for topics
   * that nobody uses.
   */
  trim(): void {
    for (const topic of this.#topics.values()) topic.trim();
  }

  #add(name: string): T {
    checkTopicName(name, this.#limits.maxTopicBytes);
    const { maxTopics } = this.#limits;
    if (this.#topics.size >= maxTopics) {
      const reason = `there are ${maxTopics} topics, and no more are allowed`;
      throw new TopicError('LIMIT', reason);
    }
    const topic = this.#makeTopic(name, this.#limits);
    this.#topics.set(name, topic);
    return topic;
  }
  // #endregion topic-table
}

/** All topics of a broker. */
export class TopicRegistry extends TopicTable<Topic> {
  /**
   * @param limits - those of {@link REGISTRY_LIMITS} that shall not have their default
   * @param clock - stamps the messages of all topics, and tells their age
   * @throws OptionError for a limit out of range
   */
  constructor(limits: Partial<RegistryLimits> = {}, clock: Clock = monotonicClock) {
    super(limits, (name, checked) => new Topic(name, checked, clock));
  }
}
