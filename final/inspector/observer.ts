import type { Broker } from '../broker/broker.ts';
import type { BrokerStatus } from '../broker/broker-status.ts';
import type { Session } from '../broker/session/session.ts';
import { SYSTEM_PREFIX } from '../broker/topics/reserved-names.ts';
import type { Topic } from '../broker/topics/topic.ts';
import { MostActive } from './most-active.ts';
import type { ConnectionState, InspectorState } from './state.ts';
import { topicState } from './topic-state.ts';

/** Topics and connections that are told of. */
const MAX_TOPICS = 200;
const MAX_CONNECTIONS = 100;
/** How many more are measured, at each update. */
const BUDGET = 3_000;
/** The totals walk over all topics and connections: the more there are, the longer they hold, in milliseconds for each. */
const HOLD = 0.02;
/** Subscriptions of one connection whose waiting messages are added up. */
const MAX_SUMMED = 1_000;

/** Adds up what all observers of a broker tell: once for each moment, and not too often where it takes long. */
export class Totals {
  readonly #broker: Broker;
  #status: BrokerStatus | undefined;
  #at = 0;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** @param now - monotonic milliseconds */
  status(now: number): BrokerStatus {
    const { core } = this.#broker;
    const longest = Math.max(100, (core.topics.size + core.table.size) * HOLD);
    if (this.#status === undefined || now - this.#at >= longest) {
      this.#status = core.status();
      this.#at = now;
    }
    return this.#status;
  }
}

/** Looks at a broker for one viewer. */
export class Observer {
  readonly #broker: Broker;
  readonly #totals: Totals;
  readonly #topics: MostActive<Topic>;
  readonly #sessions: MostActive<Session>;

  /**
   * @param search - text that a topic's name must hold; capitals do not count
   * @param budget - how many topics, and connections, one look goes through
   */
  constructor(broker: Broker, totals: Totals, search = '', budget = BUDGET) {
    this.#broker = broker;
    this.#totals = totals;
    const wanted = search.toLowerCase();
    this.#topics = new MostActive({
      source: () => broker.core.topics,
      fits: (topic) => {
        if (topic.forgotten) return false;
        if (wanted === '') return !topic.name.startsWith(SYSTEM_PREFIX);
        return topic.name.toLowerCase().includes(wanted);
      },
      count: (topic) => topic.log.lastId,
      weight: (topic) => topic.log.bytes + topic.readers.length,
      limit: MAX_TOPICS,
      budget,
    });
    this.#sessions = new MostActive({
      source: () => broker.core.sessions(),
      fits: (session) => session.connection.state !== 'closed',
      count: ({ connection }) => connection.bytesIn + connection.bytesOut,
      weight: ({ connection }) => -connection.number,
      limit: MAX_CONNECTIONS,
      budget,
    });
  }

  /** What there is to see now. */
  look(): InspectorState {
    const now = performance.now();
    const status = this.#totals.status(now);
    const { epoch, uptimeMs, topics, inboxes, subscriptions, published, logBytes, connections } = status;
    return {
      at: Date.now(),
      epoch,
      uptimeMs,
      addresses: this.#broker.addresses.map(({ type, host, port }) => `${type} ${host}:${port}`),
      totals: {
        connections: connections.connections,
        topics,
        inboxes,
        subscriptions,
        published,
        bytesIn: connections.bytesIn,
        bytesOut: connections.bytesOut,
        queuedBytes: connections.queuedBytes,
        logBytes,
        retainedBytes: status.retainedBytes,
        maxTotalRetainedBytes: status.maxTotalRetainedBytes,
        memoryState: status.memoryState,
        bufferedBytes: status.bufferedBytes,
        residentBytes: process.memoryUsage.rss(),
        eventLoopDelayMs: status.eventLoopDelayMs,
      },
      topics: this.#topics.look(now).map(({ item, rate }) => topicState(item, rate)),
      connections: this.#sessions.look(now).map(({ item }) => connectionState(item)),
    };
  }
}

function connectionState(session: Session): ConnectionState {
  const { connection, name, state, subscriptions } = session;
  return {
    number: connection.number,
    name,
    address: connection.remoteAddress ?? '',
    state,
    bytesIn: connection.bytesIn,
    bytesOut: connection.bytesOut,
    queuedBytes: session.outbox.queuedBytes,
    subscriptions: subscriptions.size,
    waiting: subscriptions.size > MAX_SUMMED ? -1 : subscriptions.lag,
  };
}
