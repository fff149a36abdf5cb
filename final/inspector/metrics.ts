import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { CLOSE_REASONS } from '#connections';
import type { Broker } from '../broker/broker.ts';
import type { Topic } from '../broker/topics/topic.ts';
import { eventLoopLag } from './event-loop-lag.ts';

/** Topics whose lag has a series of its own: those that lag most. A series for each of very many helps nobody. */
const MAX_LAG_TOPICS = 50;

/** The broker's figures in the format of Prometheus. */
export class Metrics {
  readonly #broker: Broker;
  readonly #registry = new Registry();
  readonly #connections = this.#gauge('leveret_connections', 'Connections that are open now.');
  readonly #accepted = this.#counter('leveret_connections_accepted_total', 'Connections taken in.');
  readonly #refused = this.#counter('leveret_connections_refused_total', 'Connections refused.');
  readonly #closed = this.#counter('leveret_connections_closed_total', 'Connections closed, by reason.', [
    'reason',
  ]);
  readonly #bytesIn = this.#counter('leveret_bytes_received_total', 'Bytes received from clients.');
  readonly #bytesOut = this.#counter('leveret_bytes_sent_total', 'Bytes sent to clients.');
  readonly #queued = this.#gauge('leveret_queued_bytes', 'Bytes that wait for a client to take them.');
  readonly #published = this.#counter('leveret_messages_published_total', 'Messages published.');
  readonly #topics = this.#gauge('leveret_topics', 'Topics.');
  readonly #inboxes = this.#gauge('leveret_inboxes', 'Inboxes that clients own, for replies.');
  readonly #subscriptions = this.#gauge('leveret_subscriptions', 'Subscriptions, of all kinds.');
  readonly #retained = this.#gauge(
    'leveret_retained_bytes',
    'Bytes of memory that messages and keys take, in all topics.',
  );
  readonly #maxRetained = this.#gauge('leveret_retained_bytes_max', 'The most that they may take.');
  readonly #dropped = this.#counter(
    'leveret_messages_dropped_total',
    'Messages dropped because all topics together held too much.',
  );
  readonly #refusedPublishes = this.#counter(
    'leveret_publishes_refused_total',
    'PUBLISHes refused because all topics together held too much.',
  );
  readonly #buffered = this.#gauge(
    'leveret_buffered_bytes',
    'Bytes of memory that hold what clients have not taken, and what waits to be served.',
  );
  readonly #maxBuffered = this.#gauge('leveret_buffered_bytes_max', 'The most that they may take.');
  readonly #logBytes = this.#gauge('leveret_log_bytes', 'Bytes that the logs hold.');
  readonly #lag = this.#gauge(
    'leveret_subscriber_lag_messages',
    `Messages that the slowest reader of a topic has not been sent; the ${MAX_LAG_TOPICS} topics with most.`,
    ['topic'],
  );
  readonly #maxLag = this.#gauge(
    'leveret_subscriber_lag_max_messages',
    'Messages that the slowest reader of all topics has not been sent.',
  );
  readonly #internalErrors = this.#counter(
    'leveret_internal_errors_total',
    'Faults of the broker itself; its log says more.',
  );
  readonly #measureEventLoop: () => void;
  #publishedBefore = 0;

  constructor(broker: Broker) {
    this.#broker = broker;
    collectDefaultMetrics({ register: this.#registry });
    this.#measureEventLoop = eventLoopLag(this.#registry);
  }

  /** The content type that goes with {@link Metrics.scrape}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Reads everything. Walks over all topics and connections. */
  scrape(): Promise<string> {
    const { topics, inboxes, subscriptions, published, logBytes, internalErrors, connections, ...memory } =
      this.#broker.core.status();
    const { retainedBytes, maxTotalRetainedBytes, droppedMessages, refusedPublishes } = memory;
    this.#measureEventLoop();
    this.#inboxes.set(inboxes);
    this.#connections.set(connections.connections);
    setTo(this.#accepted, connections.accepted);
    setTo(this.#refused, connections.refused);
    this.#closed.reset();
    for (const reason of CLOSE_REASONS) this.#closed.inc({ reason }, connections.closed[reason]);
    setTo(this.#bytesIn, connections.bytesIn);
    setTo(this.#bytesOut, connections.bytesOut);
    this.#queued.set(connections.queuedBytes);
    // The broker's sum falls when an inbox goes. A counter that falls looks like a restart.
    if (published > this.#publishedBefore) this.#published.inc(published - this.#publishedBefore);
    this.#publishedBefore = published;
    this.#topics.set(topics);
    this.#subscriptions.set(subscriptions);
    this.#logBytes.set(logBytes);
    this.#retained.set(retainedBytes);
    this.#maxRetained.set(maxTotalRetainedBytes);
    this.#buffered.set(memory.bufferedBytes);
    this.#maxBuffered.set(memory.maxTotalBufferedBytes);
    setTo(this.#dropped, droppedMessages);
    setTo(this.#refusedPublishes, refusedPublishes);
    setTo(this.#internalErrors, internalErrors);
    this.#measureLag();
    return this.#registry.metrics();
  }

  #measureLag(): void {
    const lags: { topic: string; lag: number }[] = [];
    let most = 0;
    for (const topic of this.#broker.core.topics) {
      if (topic.readers.length === 0) continue;
      const lag = lagOf(topic);
      most = Math.max(most, lag);
      lags.push({ topic: topic.name, lag });
    }
    lags.sort((a, b) => b.lag - a.lag);
    this.#maxLag.set(most);
    this.#lag.reset();
    for (const { topic, lag } of lags.slice(0, MAX_LAG_TOPICS)) this.#lag.set({ topic }, lag);
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
}

function lagOf({ readers }: Topic): number {
  let most = 0;
  for (const { unread } of readers) most = Math.max(most, unread);
  return most;
}

function setTo(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}
