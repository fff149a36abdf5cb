import createDebug from 'debug';
import { atLeastOne } from './allowance.ts';
import type { Clock } from './clock.ts';
import { DEFAULT_SETTINGS, type Sequence, Topic, type TopicSettings } from './topic.ts';
import { TopicError } from './topic-error.ts';

const debug = createDebug('leveret:topics');

/** What a `TopicRegistry` is made with. */
export interface TopicRegistryOptions {
  /** Stamps the messages of all topics. */
  readonly clock: Clock;
  /** Settings of a topic that comes into being by use. @defaultValue no retention, no dedupe */
  readonly defaults?: TopicSettings;
  /** Most topics. @defaultValue 100,000 */
  readonly maxTopics?: number;
  /** Longest name, in bytes of UTF-8. @defaultValue 255, what fits behind one length byte */
  readonly maxNameLength?: number;
  /** Most bytes of retained messages for each topic. @defaultValue 67,108,864 (64 MiB) */
  readonly maxRetainedBytes?: number;
}

/** All topics of a broker by name. */
export class TopicRegistry {
  readonly #clock: Clock;
  readonly #defaults: TopicSettings;
  readonly #maxTopics: number;
  readonly #maxNameLength: number;
  readonly #maxRetainedBytes: number;
  readonly #sequence: Sequence = { last: 0 };
  // A Map, because names come from outside: in a plain object `__proto__` would not be an ordinary name.
  readonly #topics = new Map<string, Topic>();
  /** The topics whose settings somebody chose. The others still take those of the first `create`. */
  readonly #chosen = new Set<Topic>();

  /** @throws RangeError for a limit or a default out of range */
  constructor(options: TopicRegistryOptions) {
    const { clock, defaults = DEFAULT_SETTINGS, maxTopics = 100_000, maxNameLength = 255 } = options;
    const { maxRetainedBytes = 67_108_864 } = options;
    this.#clock = clock;
    this.#defaults = checkSettings(defaults);
    this.#maxTopics = atLeastOne('maxTopics', maxTopics);
    this.#maxNameLength = atLeastOne('maxNameLength', maxNameLength);
    this.#maxRetainedBytes = atLeastOne('maxRetainedBytes', maxRetainedBytes);
  }

  /** How many topics there are. */
  get size(): number {
    return this.#topics.size;
  }

  /** The topic of this name, if there is one. */
  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  /** All topics, in the order in which they came into being. */
  topics(): IterableIterator<Topic> {
    return this.#topics.values();
  }

  // #region use
  /**
   * The topic of this name. It comes into being if there is none.
   *
   * @throws TopicError `BAD_TOPIC` for a name that cannot be, `LIMIT` for one topic too many
   */
  use(name: string): Topic {
    return this.#topics.get(name) ?? this.#add(name, this.#defaults);
  }
  // #endregion use

  // #region create
  /**
   * Make a topic with these settings. A topic that is there because somebody used it takes them too.
   *
   * @returns `created`, or `same` when an earlier `create` gave it these very settings
   * @throws TopicError `TOPIC_EXISTS` when an earlier `create` gave it others, or as `use`
   * @throws RangeError for settings that are not whole numbers from 0 to 2^32 - 1
   */
  create(name: string, settings: TopicSettings): 'created' | 'same' {
    // task 2.5: create a topic, once
    const { retentionMs, dedupeMs } = checkSettings(settings);
    let topic = this.#topics.get(name);
    if (topic === undefined) topic = this.#add(name, { retentionMs, dedupeMs });
    else if (!this.#chosen.has(topic)) topic.configure({ retentionMs, dedupeMs });
    else if (topic.settings.retentionMs === retentionMs && topic.settings.dedupeMs === dedupeMs)
      return 'same';
    else throw new TopicError('TOPIC_EXISTS', `topic ${JSON.stringify(name)} exists with other settings`);
    this.#chosen.add(topic);
    return 'created';
  }
  // #endregion create

  /** Drop what is too old in every topic. A broker calls this now and then, for topics that nobody uses. */
  trim(): void {
    for (const topic of this.#topics.values()) topic.trim();
  }

  // #region add
  #add(name: string, settings: TopicSettings): Topic {
    checkTopicName(name, this.#maxNameLength);
    if (this.#topics.size >= this.#maxTopics) {
      throw new TopicError('LIMIT', `there are ${this.#maxTopics} topics, and no more are allowed`);
    }
    const topic = new Topic({
      name,
      settings,
      clock: this.#clock,
      sequence: this.#sequence,
      maxRetainedBytes: this.#maxRetainedBytes,
    });
    this.#topics.set(name, topic);
    if (debug.enabled)
      debug('topic %j: retention %d ms, dedupe %d ms', name, settings.retentionMs, settings.dedupeMs);
    return topic;
  }
  // #endregion add
}

// #region check-name
/**
 * Check the name of a topic.
 *
 * @param maxLength - longest name, in bytes of UTF-8
 * @throws TopicError `BAD_TOPIC` for a name that is empty or too long, holds a NUL, or has no UTF-8 form
 */
export function checkTopicName(name: string, maxLength = 255): void {
  const fault = faultOf(name, maxLength);
  if (fault !== undefined) throw new TopicError('BAD_TOPIC', `the name of a topic ${fault}`);
}

function faultOf(name: string, maxLength: number): string | undefined {
  if (name === '') return 'must not be empty';
  const bytes = Buffer.byteLength(name);
  if (bytes > maxLength) return `must have at most ${maxLength} bytes, not ${bytes}`;
  if (name.includes('\0')) return 'must not hold a NUL byte';
  // Half of a surrogate pair becomes U+FFFD in UTF-8: two different names would be one.
  if (/\p{Surrogate}/u.test(name)) return 'must be well-formed Unicode';
  return undefined;
}
// #endregion check-name

function checkSettings(settings: TopicSettings): TopicSettings {
  for (const option of ['retentionMs', 'dedupeMs'] as const) {
    const value = settings[option];
    if (!(Number.isInteger(value) && value >= 0 && value <= 0xffffffff)) {
      throw new RangeError(`${option} must be a whole number from 0 to 4294967295, not ${value}`);
    }
  }
  return settings;
}
