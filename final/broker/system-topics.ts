import type { LogBroker, Topic } from '#log';
import type { EventLoopDelay } from './event-loop-delay.ts';
import type { Groups } from './groups.ts';
import { INBOX_PREFIX, SYSTEM_PREFIX } from './patterns.ts';

/** A JSON message a second with what the broker holds and does. */
export const STATUS_TOPIC = `${SYSTEM_PREFIX}sys.status`;

/** A JSON message a second with the topics. */
export const TOPICS_TOPIC = `${SYSTEM_PREFIX}sys.topics`;

/** How many topics are told of at most; those that were created first. */
const MAX_TOLD = 1000;

/** What {@link STATUS_TOPIC} carries. Rates are per second, since the message before. */
export interface StatusMessage {
  readonly at: number;
  readonly epoch: number;
  readonly uptimeMs: number;
  readonly connections: number;
  readonly topics: number;
  readonly subscriptions: number;
  readonly published: number;
  readonly publishedPerSecond: number;
  readonly bytesInPerSecond: number;
  readonly bytesOutPerSecond: number;
  readonly queuedBytes: number;
  readonly logBytes: number;
  readonly residentBytes: number;
  readonly eventLoopDelayMs: number;
}

/** One topic in {@link TOPICS_TOPIC}. */
export interface TopicSummary {
  readonly name: string;
  readonly readers: number;
  readonly groups: readonly string[];
  readonly firstId: number;
  readonly lastId: number;
  readonly bytes: number;
  readonly retentionMs: number;
  readonly dedupeMs: number;
  /** Messages that the slowest reader has not been sent. */
  readonly lag: number;
}

/** The topics that the broker itself publishes to, while somebody reads them. */
export class SystemTopics {
  readonly #broker: LogBroker;
  readonly #groups: Groups;
  readonly #timer: NodeJS.Timeout;
  readonly #inboxes = new Set<Topic>();
  readonly #startedAt = performance.now();
  readonly #delay: EventLoopDelay;
  #before = { at: performance.now(), published: 0, bytesIn: 0, bytesOut: 0 };

  constructor(broker: LogBroker, groups: Groups, delay: EventLoopDelay) {
    this.#broker = broker;
    this.#groups = groups;
    this.#delay = delay;
    this.#timer = setInterval(() => this.#tick(), 1000).unref();
  }

  /** Whether a system topic has this name. */
  static has(name: string): boolean {
    return name === STATUS_TOPIC || name === TOPICS_TOPIC;
  }

  /** A topic has come into being. */
  topicCreated(topic: Topic): void {
    if (topic.name.startsWith(INBOX_PREFIX)) this.#inboxes.add(topic);
  }

  /** Somebody has subscribed to a system topic: they get a first message at once. */
  subscribed(name: string): void {
    setImmediate(() => {
      const topic = this.#broker.topics.get(name);
      if (topic !== undefined) this.#publish(topic);
    });
  }

  /** Publishes no more. */
  close(): void {
    clearInterval(this.#timer);
  }

  /** What the broker holds and does now; begins a new stretch of time for the rates. */
  status(): StatusMessage {
    const { epoch, topics, subscriptions, published, logBytes, connections } = this.#broker.status();
    const at = performance.now();
    const { bytesIn, bytesOut } = connections;
    const before = this.#before;
    const seconds = Math.max(0.001, (at - before.at) / 1000);
    this.#before = { at, published, bytesIn, bytesOut };
    return {
      at: Date.now(),
      epoch,
      uptimeMs: Math.round(at - this.#startedAt),
      connections: connections.connections,
      topics,
      subscriptions,
      published,
      publishedPerSecond: (published - before.published) / seconds,
      bytesInPerSecond: (bytesIn - before.bytesIn) / seconds,
      bytesOutPerSecond: (bytesOut - before.bytesOut) / seconds,
      queuedBytes: connections.queuedBytes,
      logBytes,
      residentBytes: process.memoryUsage.rss(),
      eventLoopDelayMs: this.#delay.read().p99,
    };
  }

  /** The topics that are not the broker's own. */
  topics(): TopicSummary[] {
    const told: TopicSummary[] = [];
    for (const topic of this.#broker.topics) {
      if (told.length === MAX_TOLD) break;
      if (!topic.name.startsWith(SYSTEM_PREFIX)) told.push(this.#summary(topic));
    }
    return told;
  }

  #summary(topic: Topic): TopicSummary {
    const { name, log, readers, settings } = topic;
    let lag = 0;
    for (const { cursor } of readers) lag = Math.max(lag, cursor.lag);
    return {
      name,
      readers: readers.length,
      groups: [...this.#groups.of(topic)].map((group) => group.name),
      firstId: log.firstId,
      lastId: log.lastId,
      bytes: log.bytes,
      ...settings,
      lag,
    };
  }

  #tick(): void {
    for (const name of [STATUS_TOPIC, TOPICS_TOPIC]) {
      const topic = this.#broker.topics.get(name);
      if (topic !== undefined && topic.readers.length > 0) this.#publish(topic);
    }
    // A reply that came after its client had gone would leave a topic behind for ever.
    for (const topic of this.#inboxes) {
      if (topic.readers.length > 0) continue;
      this.#inboxes.delete(topic);
      this.#broker.topics.remove(topic);
    }
  }

  #publish(topic: Topic): void {
    const content = topic.name === STATUS_TOPIC ? this.status() : this.topics();
    const payload = Buffer.from(JSON.stringify(content));
    const record = Buffer.alloc(6 + payload.length);
    record.writeUInt32BE(payload.length, 2);
    payload.copy(record, 6);
    if (record.length <= topic.log.maxRecordBytes) topic.publish(record, 0, record.length, 1, false);
  }
}
