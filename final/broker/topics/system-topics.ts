import type { BrokerStatus } from '../broker-status.ts';
import type { Faults } from '../faults.ts';
import type { MemoryState } from '../memory/retained-memory.ts';
import { isSystemTopic, STATUS_TOPIC, SYSTEM_PREFIX, SYSTEM_TOPICS } from './reserved-names.ts';
import type { Topic } from './topic.ts';
import type { TopicTable } from './topic-table.ts';

/** How many topics are told of at most; those that were created first. */
const MAX_TOLD = 1000;

/** Milliseconds between one message and the next: by the clock, and at least before one for somebody who has just come. */
const INTERVAL = 1000;
const LEAST = 500;

/** What {@link STATUS_TOPIC} carries. Rates are per second, since the message before. */
export interface StatusMessage {
  readonly at: number;
  readonly epoch: number;
  readonly uptimeMs: number;
  readonly connections: number;
  readonly topics: number;
  /** Inboxes that clients own, which are not among the topics. */
  readonly inboxes: number;
  readonly subscriptions: number;
  readonly published: number;
  readonly publishedPerSecond: number;
  readonly bytesInPerSecond: number;
  readonly bytesOutPerSecond: number;
  readonly queuedBytes: number;
  readonly logBytes: number;
  readonly retainedBytes: number;
  readonly maxTotalRetainedBytes: number;
  readonly memoryState: MemoryState;
  readonly droppedMessages: number;
  readonly droppedBytes: number;
  readonly refusedPublishes: number;
  readonly bufferedBytes: number;
  readonly maxTotalBufferedBytes: number;
  /** Clients that were ended because they held most of what was buffered. */
  readonly endedClients: number;
  /** Faults of the broker itself since it started. */
  readonly internalErrors: number;
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
  /** Bytes of memory that it holds: messages and keys. */
  readonly bytes: number;
  readonly retentionMs: number;
  readonly dedupeMs: number;
  /** Messages that the slowest reader has not been sent. */
  readonly lag: number;
}

/** What {@link SystemTopics} needs of the broker. */
export interface SystemTopicsHost {
  readonly topics: TopicTable;
  readonly faults: Pick<Faults, 'guard'>;
  /** What the broker holds and has done. */
  status(): BrokerStatus;
  /** The names of the groups that read a topic. */
  groupsOf(topic: Topic): readonly string[];
}

/** The topics that the broker itself publishes to, while somebody reads them. */
export class SystemTopics {
  readonly #host: SystemTopicsHost;
  readonly #timer: NodeJS.Timeout;
  // By topic: when its last message was published, and the timer of one that is for those who have just come.
  readonly #publishedAt = new Map<string, number>();
  readonly #firsts = new Map<string, NodeJS.Timeout>();
  #before = { at: performance.now(), published: 0, bytesIn: 0, bytesOut: 0 };

  constructor(host: SystemTopicsHost) {
    this.#host = host;
    const { faults } = host;
    this.#timer = setInterval(() => faults.guard('the system topics', () => this.#tick()), INTERVAL).unref();
  }

  /**
   * Somebody has begun to read a topic. Of the broker's own they get a first message soon: at once, unless there was one a
   * moment ago, since whoever subscribes again and again must not make work for the broker and all others who read it.
   */
  readerAdded({ name }: Topic): void {
    if (!isSystemTopic(name) || this.#firsts.has(name)) return;
    const last = this.#publishedAt.get(name) ?? Number.NEGATIVE_INFINITY;
    const wait = Math.max(0, last + LEAST - performance.now());
    const first = setTimeout(() => {
      this.#firsts.delete(name);
      this.#host.faults.guard('the system topics', () => this.#publish(name));
    }, wait);
    this.#firsts.set(name, first.unref());
  }

  /** Publishes no more. */
  close(): void {
    clearInterval(this.#timer);
    for (const first of this.#firsts.values()) clearTimeout(first);
    this.#firsts.clear();
  }

  /** What the broker holds and does now; begins a new stretch of time for the rates. */
  status(): StatusMessage {
    const { connections, ...status } = this.#host.status();
    const { published } = status;
    const at = performance.now();
    const { bytesIn, bytesOut } = connections;
    const before = this.#before;
    const seconds = Math.max(0.001, (at - before.at) / 1000);
    this.#before = { at, published, bytesIn, bytesOut };
    return {
      at: Date.now(),
      ...status,
      connections: connections.connections,
      publishedPerSecond: (published - before.published) / seconds,
      bytesInPerSecond: (bytesIn - before.bytesIn) / seconds,
      bytesOutPerSecond: (bytesOut - before.bytesOut) / seconds,
      queuedBytes: connections.queuedBytes,
      residentBytes: process.memoryUsage.rss(),
    };
  }

  /** The topics that are not the broker's own. */
  topics(): TopicSummary[] {
    const told: TopicSummary[] = [];
    for (const topic of this.#host.topics) {
      if (told.length === MAX_TOLD) break;
      if (!topic.name.startsWith(SYSTEM_PREFIX)) told.push(this.#summary(topic));
    }
    return told;
  }

  #summary(topic: Topic): TopicSummary {
    const { name, log, readers, settings } = topic;
    let lag = 0;
    for (const { unread } of readers) lag = Math.max(lag, unread);
    return {
      name,
      readers: readers.length,
      groups: this.#host.groupsOf(topic),
      firstId: log.firstId,
      lastId: log.lastId,
      bytes: topic.heldBytes,
      ...settings,
      lag,
    };
  }

  #tick(): void {
    for (const name of SYSTEM_TOPICS) this.#publish(name);
  }

  /** Publishes to a topic that somebody reads. */
  #publish(name: string): void {
    const topic = this.#host.topics.get(name);
    if (topic === undefined || topic.readers.length === 0) return;
    this.#publishedAt.set(name, performance.now());
    const content = topic.name === STATUS_TOPIC ? this.status() : this.topics();
    const payload = Buffer.from(JSON.stringify(content));
    const record = Buffer.alloc(6 + payload.length);
    record.writeUInt32BE(payload.length, 2);
    payload.copy(record, 6);
    if (record.length <= topic.log.maxRecordBytes) topic.publish(record, 0, record.length, 1, false);
  }
}
