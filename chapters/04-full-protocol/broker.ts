import type { Socket } from 'node:net';
import createDebug from 'debug';
import { BroadcastChannel } from '#broadcast';
import { DEFAULT_HOST, type RunningServer, startServer } from '#framing/net';
import { type Clock, type Message, monotonicClock, TopicRegistry } from '#topics';
import { checkExposure, Token } from './access.ts';
import { type BrokerLimits, type BrokerOptions, resolveLimits } from './broker-options.ts';
import { ProtocolError } from './protocol-error.ts';
import type { WireRecord } from './record.ts';
import { Session, type SessionHost, type SessionState } from './session.ts';

const debug = createDebug('leveret:broker');

/** What a broker tells of itself. */
export interface BrokerStatus {
  /** Connections, those that are closing included. */
  readonly connections: number;
  /** Connections that have not said HELLO. */
  readonly pending: number;
  /** Subscriptions of all connections. */
  readonly subscriptions: number;
  /** Topics that exist. */
  readonly topics: number;
  /** Messages that were published since the start. */
  readonly published: number;
}

/** A broker that runs. */
export interface RunningBroker extends RunningServer {
  /** Counts of the moment. */
  status(): BrokerStatus;
  /** Take no more connections, say CLOSING to all clients, and end. Calling it again changes nothing. */
  close(): Promise<void>;
}

/**
 * Start the broker of this chapter.
 *
 * @throws LeveretError `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`, or `INSECURE` for an address that other machines
 * reach when there is no token
 * @throws RangeError for a limit out of range
 */
export async function startBroker(options: BrokerOptions = {}): Promise<RunningBroker> {
  const { host = DEFAULT_HOST, port = 0, token = '', insecure = false } = options;
  const limits = resolveLimits(options);
  checkExposure(host, insecure || token !== '');
  const broker = new Broker(limits, options);
  const server = await startServer({ host, port, onConnection: (socket) => broker.accept(socket) });
  broker.start();
  debug('listening on %s port %d', server.host, server.port);
  let closed: Promise<void> | undefined;
  return {
    host: server.host,
    port: server.port,
    get connections() {
      return server.connections;
    },
    status: () => broker.status(),
    close() {
      closed ??= broker.close().then(() => server.close());
      return closed;
    },
  };
}

/**
 * All that the connections share: the topics, the one channel that carries every message, and the limits.
 */
class Broker implements SessionHost {
  readonly limits: BrokerLimits;
  readonly clock: Clock;
  readonly epoch: number;
  readonly registry: TopicRegistry;
  readonly channel: BroadcastChannel<Message>;
  readonly #token: Token | undefined;
  readonly #sessions = new Set<Session>();
  readonly #pending = new Set<Session>();
  #ready = 0;
  #lastConnection = 0;
  #published = 0;
  /** Messages since everybody was last made to empty the channel; fewer than its capacity. */
  #inChannel = 0;
  #sweep: NodeJS.Timeout | undefined;
  #trimmedAt = 0;
  #closing = false;
  #allGone: (() => void) | undefined;

  constructor(limits: BrokerLimits, options: BrokerOptions) {
    const { clock = monotonicClock, epoch = Date.now(), token = '' } = options;
    this.limits = limits;
    this.clock = clock;
    this.epoch = epoch;
    this.#token = token === '' ? undefined : new Token(token);
    this.channel = new BroadcastChannel(limits.channelCapacity);
    this.registry = new TopicRegistry({
      clock,
      maxTopics: limits.maxTopics,
      maxNameLength: limits.maxTopicBytes,
      maxRetainedBytes: limits.maxRetainedBytes,
    });
  }

  /** Begin to watch the time. */
  start(): void {
    const { helloTimeoutMs, frameTimeoutMs, idleMs, closeTimeoutMs, drainTimeoutMs } = this.limits;
    const shortest = Math.min(helloTimeoutMs, frameTimeoutMs, idleMs, closeTimeoutMs, drainTimeoutMs);
    this.#sweep = setInterval(() => this.#onSweep(), Math.min(250, Math.max(5, shortest / 4)));
  }

  /** A connection was opened. */
  accept(socket: Socket): void {
    const { maxConnections, maxPending } = this.limits;
    // Those that are told to go still hold a socket for a moment; in a flood of them there is no time for words.
    if (this.#sessions.size >= 2 * maxConnections) {
      socket.destroy();
      return;
    }
    this.#lastConnection += 1;
    const session = new Session(socket, this.#lastConnection, this);
    this.#sessions.add(session);
    if (this.#closing) session.shutdown();
    else if (this.#served >= maxConnections) {
      session.fail(new ProtocolError('FULL', `${maxConnections} connections are all that this broker takes`));
    } else if (this.#pending.size >= maxPending) {
      session.fail(new ProtocolError('FULL', `${maxPending} connections have not said HELLO yet`));
    } else {
      this.#pending.add(session);
    }
  }

  moved(session: Session, from: SessionState): void {
    this.#pending.delete(session);
    if (session.state === 'ready') this.#ready += 1;
    else if (from === 'ready') this.#ready -= 1;
    if (session.state !== 'closed') return;
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) this.#allGone?.();
  }

  get #served(): number {
    return this.#pending.size + this.#ready;
  }

  admits(token: string): boolean {
    return this.#token?.is(token) ?? true;
  }

  // #region publish
  publish(topic: string, records: readonly WireRecord[]): { firstId: number; count: number } {
    // task 4.4: stamp the messages and give them to everybody
    const target = this.registry.use(topic);
    const firstId = target.lastId + 1;
    for (const { key, payload } of records) {
      // The one copy of a message: the bytes that came with the frame are only lent.
      const message = target.append(key, Buffer.from(payload));
      if (this.#inChannel === this.channel.capacity) this.#emptyChannel();
      this.channel.publish(message);
      this.#inChannel += 1;
    }
    this.#published += records.length;
    return { firstId, count: records.length };
  }
  // #endregion publish

  status(): BrokerStatus {
    let subscriptions = 0;
    for (const session of this.#sessions) subscriptions += session.subscriptions;
    return {
      connections: this.#sessions.size,
      pending: this.#pending.size,
      subscriptions,
      topics: this.registry.size,
      published: this.#published,
    };
  }

  /** Say goodbye to everybody, and wait until they are gone. The sweep sees to it that they go. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const session of [...this.#sessions]) session.shutdown();
    if (this.#sessions.size > 0) {
      await new Promise<void>((resolve) => {
        this.#allGone = resolve;
      });
    }
    clearInterval(this.#sweep);
    this.channel.close();
  }

  /**
   * The receivers wake at the end of the turn. One turn can bring more messages than the channel holds, so before it
   * would overwrite anything, everybody takes what is there.
   */
  #emptyChannel(): void {
    for (const session of [...this.#sessions]) session.collect();
    this.#inChannel = 0;
  }

  #onSweep(): void {
    const now = this.clock();
    for (const session of [...this.#sessions]) session.tick(now);
    // Topics that nobody uses would keep what is too old.
    if (now - this.#trimmedAt < 1_000) return;
    this.#trimmedAt = now;
    this.registry.trim();
  }
}
