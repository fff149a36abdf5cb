import { randomInt } from 'node:crypto';
import createDebug from 'debug';
import {
  type CloseReason,
  type ConnectionStatus,
  ConnectionTable,
  type Listener,
  type TableListenOptions,
} from '#connections';
import { DEFAULT_HOST, type ListenOptions, type RunningServer } from '#framing/net';
import { checkExposure, encodeBrokerFrame, type HelloFrame, ProtocolError, Token } from '#protocol/old';
import { type Clock, monotonicClock } from '#topics';
import { errorFrame } from './broker-errors.ts';
import { type LogLimits, readLimits } from './limits.ts';
import { Session } from './session.ts';
import type { SessionHome } from './session-home.ts';
import type { Topic } from './topic.ts';
import { TopicTable } from './topic-table.ts';
import { Turn } from './turn.ts';

const debug = createDebug('leveret:broker');

/** What can be added to a {@link LogBroker} from outside: see {@link SessionHome}. */
export type BrokerExtension = Partial<
  Pick<
    SessionHome,
    | 'admit'
    | 'subscribeSpecially'
    | 'unsubscribeSpecially'
    | 'unsubscribed'
    | 'commitSpecially'
    | 'specialLag'
    | 'watch'
  >
> & {
  /** A topic has come into being; nothing has been published to it. */
  topicCreated?(topic: Topic): void;
  /** A session is over. */
  sessionClosed?(session: Session, reason: CloseReason): void;
};

/** Options of a {@link LogBroker}: its limits, each with a default, and what is for tests and extensions. */
export interface LogBrokerOptions extends Partial<LogLimits> {
  /**
   * Monotonic milliseconds.
   * @defaultValue the process's own clock
   */
  readonly clock?: Clock;
  /**
   * How often deadlines are looked at, in milliseconds.
   * @defaultValue 500
   */
  readonly sweepInterval?: number;
  /** What a larger broker adds to this one. */
  readonly extension?: BrokerExtension;
}

/** What a broker holds and has done. */
export interface LogBrokerStatus {
  readonly epoch: number;
  readonly topics: number;
  readonly subscriptions: number;
  /** Messages that were published since it started. */
  readonly published: number;
  /** Bytes of sealed log that are held. */
  readonly logBytes: number;
  readonly connections: ConnectionStatus;
}

/**
 * The broker on one log for each topic. It listens nowhere until it is told to.
 *
 * Source: the seed psa, with the protocol and the semantics of zaichik.
 */
export class LogBroker {
  readonly limits: LogLimits;
  readonly topics: TopicTable;
  readonly table: ConnectionTable<Session>;
  /** Number of this life of the logs. */
  readonly epoch = randomInt(1, 2 ** 47);
  /** Set while somebody watches the frames; see {@link SessionHome.watch}. */
  watched = false;

  readonly #home: SessionHome;
  readonly #extension: BrokerExtension;
  readonly #sweepInterval: number;
  #lonelySweep: NodeJS.Timeout | undefined;
  // Connections that have not said HELLO and may still do.
  #pending = 0;

  /** @throws RangeError for a limit out of range */
  constructor(options: LogBrokerOptions = {}) {
    const { clock = monotonicClock, sweepInterval = 500, extension = {}, ...limits } = options;
    this.limits = readLimits(limits);
    this.#extension = extension;
    this.#sweepInterval = sweepInterval;
    const turn = new Turn(clock);
    this.topics = new TopicTable({ limits: this.limits, turn }, (topic) => extension.topicCreated?.(topic));
    this.#home = this.#makeHome(turn);
    this.table = new ConnectionTable<Session>(
      {
        maxConnections: this.limits.maxConnections,
        writeTimeoutMs: this.limits.drainTimeoutMs,
        closeTimeoutMs: this.limits.closeTimeoutMs,
        sweepIntervalMs: sweepInterval,
        clock,
      },
      {
        opened: (connection) => {
          const session = new Session(this.#home, connection);
          connection.context = session;
          this.#pending++;
          if (this.#pending > this.limits.maxPending) {
            session.fail(
              new ProtocolError('FULL', 'too many connections have not said HELLO; try again later'),
            );
          }
        },
        received: (connection, chunk) => connection.context?.receive(chunk),
        drained: (connection) => connection.context?.drained(),
        ended: (connection) => connection.context?.ended(),
        closed: (connection, reason, error) => {
          const session = connection.context;
          if (session === undefined) return;
          debug('%s is gone: %s %s', session.name, reason, error?.message ?? '');
          session.closed();
          extension.sessionClosed?.(session, reason);
          if (this.table.size === 0) this.#sweepAlone();
        },
        refused: (reason) =>
          encodeBrokerFrame(
            errorFrame(
              reason === 'full'
                ? new ProtocolError(
                    'FULL',
                    `this broker holds ${this.limits.maxConnections} connections, its limit`,
                  )
                : new ProtocolError('SHUTDOWN', 'this broker is shutting down'),
            ),
          ),
        swept: (at) => this.#sweep(at),
      },
    );
  }

  /** All sessions, in the order in which they connected. */
  *sessions(): Generator<Session> {
    for (const connection of this.table) {
      if (connection.context !== undefined) yield connection.context;
    }
  }

  /**
   * Listens on an address; a broker may listen on several.
   *
   * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
   */
  listen(options: TableListenOptions = {}): Promise<Listener> {
    return this.table.listen(options);
  }

  /** What it holds and has done. Walks over everything: for people and monitors. */
  status(): LogBrokerStatus {
    let subscriptions = 0;
    for (const session of this.sessions()) subscriptions += session.subscriptions.size;
    let published = 0;
    let logBytes = 0;
    for (const { log } of this.topics) {
      published += log.lastId;
      logBytes += log.bytes;
    }
    return {
      epoch: this.epoch,
      topics: this.topics.size,
      subscriptions,
      published,
      logBytes,
      connections: this.table.status(),
    };
  }

  /**
   * Ends in good order: no new connections; each client is sent what is published, and CLOSING; who has not taken
   * it by the deadline is cut off.
   *
   * @param deadline - milliseconds
   */
  async close(deadline = 1000): Promise<void> {
    for (const session of this.sessions()) session.close('shutdown');
    await this.table.shutdown({ deadlineMs: deadline });
    clearInterval(this.#lonelySweep);
  }

  #sweep(now: number): void {
    for (const session of this.sessions()) session.sweep(now);
    for (const topic of this.topics) topic.sweep();
  }

  /** With nobody connected the table does not sweep. What was retained must go in time all the same. */
  #sweepAlone(): void {
    this.#lonelySweep ??= setInterval(() => {
      let bytes = 0;
      for (const topic of this.topics) {
        topic.sweep();
        bytes += topic.log.bytes;
      }
      if (bytes > 0 && this.table.size === 0) return;
      clearInterval(this.#lonelySweep);
      this.#lonelySweep = undefined;
    }, this.#sweepInterval).unref();
  }

  #makeHome(turn: Turn): SessionHome {
    const broker = this;
    const extension = this.#extension;
    return {
      limits: this.limits,
      topics: this.topics,
      turn,
      epoch: this.epoch,
      get watched() {
        return broker.watched;
      },
      admit: (hello: HelloFrame, session) => extension.admit?.(hello, session),
      subscribeSpecially: (frame, session) => extension.subscribeSpecially?.(frame, session) ?? false,
      unsubscribeSpecially: (frame, session) => extension.unsubscribeSpecially?.(frame, session) ?? false,
      unsubscribed: (topic, session) => extension.unsubscribed?.(topic, session),
      commitSpecially: (frame, session) => extension.commitSpecially?.(frame, session) ?? false,
      specialLag: (session) => extension.specialLag?.(session) ?? 0,
      watch: (...frame) => extension.watch?.(...frame),
      settled: () => {
        this.#pending--;
      },
    };
  }
}

/** A broker that is listening. */
export interface RunningLogBroker extends RunningServer {
  readonly broker: LogBroker;
  /** What it holds and has done. */
  status(): LogBrokerStatus;
}

/** Options of {@link startLogBroker}. */
export interface LogServerOptions extends LogBrokerOptions, ListenOptions {
  /**
   * Secret that clients must name in HELLO.
   * @defaultValue none is asked for
   */
  readonly token?: string;
  /**
   * Allow an address that other machines can reach without a token.
   * @defaultValue false
   */
  readonly insecure?: boolean;
}

/**
 * Starts a broker on one address.
 *
 * @throws RangeError for a limit out of range
 * @throws LeveretError `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`, or `INSECURE` for an address that other machines can
 * reach when there is no token
 */
export async function startLogBroker(options: LogServerOptions = {}): Promise<RunningLogBroker> {
  const { host = DEFAULT_HOST, port = 0, token = '', insecure = false, ...rest } = options;
  checkExposure(host, insecure || token !== '');
  const secret = token === '' ? undefined : new Token(token);
  const broker = new LogBroker({
    ...rest,
    extension: {
      admit: (hello) => {
        if (secret?.is(hello.token) === false)
          throw new ProtocolError('DENIED', 'this token is not known here');
        return undefined;
      },
      ...rest.extension,
    },
  });
  const listener = await broker.listen({ host, port });
  return {
    broker,
    host: listener.host,
    port: listener.port,
    get connections() {
      return broker.table.size;
    },
    status: () => broker.status(),
    close: () => broker.close(),
  };
}
