import type { Duplex } from 'node:stream';
import type { TlsOptions } from 'node:tls';
import { DEFAULT_LIMITS, type Grants, LogBroker, type LogLimits } from '#log';
import { hasPattern, ProtocolError, type SubscribeFrame } from '#protocol/old';
import { Access } from './access.ts';
import { EventLoopDelay } from './event-loop-delay.ts';
import { FrameWatch, type WatchedFrame } from './frame-watch.ts';
import { Groups } from './groups.ts';
import type { Logger } from './logger.ts';
import { SILENT } from './logger.ts';
import {
  type BrokerOptions,
  type BrokerSettings,
  type ListenerSettings,
  readBrokerOptions,
  readPem,
} from './options.ts';
import { PatternSubscriptions } from './pattern-subscriptions.ts';
import { SYSTEM_PREFIX } from './patterns.ts';
import { type StatusMessage, SystemTopics, type TopicSummary } from './system-topics.ts';
import { listenForTls, type TlsListener } from './tls-listener.ts';
import { listenForWebSockets, WebSocketDoor } from './web-socket-listener.ts';

/** An address that a broker listens on. */
export interface BrokerAddress {
  readonly type: ListenerSettings['type'];
  readonly host: string;
  readonly port: number;
}

/** A broker that is listening: made by {@link createBroker}. */
export class Broker implements AsyncDisposable {
  /** The broker of chapter 6, which this one adds to: its topics, sessions and limits, for looking at. */
  readonly core: LogBroker;
  /** @internal */
  readonly groups = new Groups();
  /** @internal */
  readonly patterns = new PatternSubscriptions();
  /**
   * Where WebSockets are let in; an HTTP server may pass its upgrades here.
   * @internal
   */
  readonly webSockets: WebSocketDoor;

  /** @internal */
  readonly eventLoopDelay = new EventLoopDelay();
  /** When it was made, by `performance.now()`. @internal */
  readonly startedAt = performance.now();

  readonly #settings: BrokerSettings;
  readonly #logger: Logger;
  readonly #access: Access;
  readonly #system: SystemTopics;
  readonly #watch: FrameWatch;
  readonly #addresses: BrokerAddress[] = [];
  readonly #closers: (() => Promise<void>)[] = [];
  #closing: Promise<void> | undefined;

  /** For {@link createBroker}. */
  constructor(settings: BrokerSettings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
    this.#access = new Access(settings.auth);
    this.core = new LogBroker({
      ...limitsOf(settings),
      sweepInterval: settings.sweepInterval,
      extension: {
        admit: (hello, session) => {
          const grants = this.#access.admit(hello.token);
          logger.debug({ connection: session.connection.number, client: hello.name }, 'client admitted');
          return grants;
        },
        subscribeSpecially: (frame, session) => {
          if (hasPattern(frame.topic)) {
            if (frame.group !== '') {
              throw new ProtocolError('UNSUPPORTED', 'a group takes one topic, not a pattern', {
                request: frame.request,
              });
            }
            this.patterns.subscribe(frame, session, this.core.topics);
            return true;
          }
          if (frame.topic.startsWith(SYSTEM_PREFIX)) this.#subscribeToSystem(frame);
          this.patterns.takeOver(frame.topic, session);
          if (frame.group === '') {
            this.groups.unsubscribe(frame.topic, session);
            return false;
          }
          if (session.grants?.maySubscribe(frame.topic) === false) {
            const { request } = frame;
            throw new ProtocolError('DENIED', 'no permission for this topic', { request, fatal: false });
          }
          this.groups.subscribe(frame, session, this.core.topics);
          return true;
        },
        unsubscribeSpecially: (frame, session) => {
          const { topic, request } = frame;
          const done = hasPattern(topic)
            ? this.patterns.unsubscribe(topic, session)
            : this.groups.unsubscribe(topic, session);
          if (done) session.answerOk(request);
          return done;
        },
        unsubscribed: (topic, session) => this.patterns.reattach(topic, session),
        commitSpecially: (frame, session) => {
          const member = this.groups.member(session, frame.topic);
          member?.commit(frame.id);
          return member !== undefined;
        },
        specialLag: (session) => this.groups.lag(session),
        watch: (...frame) => this.#watch.see(...frame),
        topicCreated: (topic) => {
          logger.debug({ topic: topic.name }, 'topic created');
          this.#system.topicCreated(topic);
          this.patterns.topicCreated(topic);
        },
        sessionClosed: (session, reason) => {
          logger.debug(
            { connection: session.connection.number, client: session.name, reason },
            'client gone',
          );
          this.patterns.sessionClosed(session);
          this.groups.sessionClosed(session);
        },
      },
    });
    this.#watch = new FrameWatch((watched) => {
      this.core.watched = watched;
    });
    this.#system = new SystemTopics(this.core, this.groups, this.eventLoopDelay);
    this.webSockets = new WebSocketDoor({
      maxPayload: this.core.limits.maxFrameSize + 4,
      allowedOrigins: settings.allowedOrigins,
      adopt: (stream, info) => this.adopt(stream, info),
    });
  }

  /** The address of its first listener. */
  get host(): string {
    return this.#settings.host;
  }

  /** The port of its first listener. */
  get port(): number {
    return this.#addresses[0]?.port ?? 0;
  }

  /** Where it listens. */
  get addresses(): readonly BrokerAddress[] {
    return this.#addresses;
  }

  /** True once it has been told to end. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** True when clients need a token. */
  get asksForToken(): boolean {
    return this.#access.required;
  }

  /** Takes in a stream of frames that somebody else accepted. */
  adopt(stream: Duplex, info: { remoteAddress?: string } = {}): void {
    this.core.table.adopt(Object.assign(stream, info));
  }

  /** What the holder of a token may do; undefined when they are refused. */
  authorize(token: string): Grants | undefined {
    return this.#access.lookUp(token);
  }

  /** Shows frames as they come and go, 200 a second at most and 20 of one connection. Returns a function that stops it. */
  watchFrames(listener: (frame: WatchedFrame) => void): () => void {
    return this.#watch.add(listener);
  }

  /** What it holds and does. */
  status(): StatusMessage {
    return this.#system.status();
  }

  /** Its topics, without its own. */
  topics(): TopicSummary[] {
    return this.#system.topics();
  }

  /** For {@link createBroker}. */
  async listen(): Promise<void> {
    const { host, port, listeners } = this.#settings;
    const all: ListenerSettings[] = [{ type: 'tcp', host, port, path: '/' }, ...listeners];
    try {
      for (const listener of all) await this.#listenOn(listener);
    } catch (error) {
      await this.close(0);
      throw error;
    }
  }

  /**
   * Ends in good order: refuses newcomers, sends everybody what is published and then CLOSING, and cuts off those
   * who have not taken it by the deadline. Called again with a shorter deadline, that one holds.
   *
   * @param deadline - milliseconds; the option `shutdownDeadline` if not given
   */
  close(deadline = this.#settings.shutdownDeadline): Promise<void> {
    if (this.#closing !== undefined && deadline > 0) return this.#closing;
    this.#system.close();
    this.eventLoopDelay.close();
    this.#logger.info({ connections: this.core.table.size, deadline }, 'shutting down');
    this.#closing = Promise.all([this.core.close(deadline), ...this.#closers.map((close) => close())]).then(
      () => this.#logger.info('stopped'),
    );
    return this.#closing;
  }

  /** Closes the broker: see {@link Broker.close}. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #listenOn({ type, host, port, path }: ListenerSettings): Promise<void> {
    const tls = type === 'tls' || type === 'wss' ? this.#tls() : undefined;
    if (type === 'tcp' || type === 'tls') {
      const listener = await (tls === undefined
        ? this.core.listen({ host, port })
        : this.#listenForTls(host, port, tls));
      this.#closers.push(() => listener.close());
      this.#addresses.push({ type, host, port: listener.port });
    } else {
      const listener = await listenForWebSockets(this.webSockets, { host, port, path }, tls);
      this.#closers.push(() => listener.close());
      this.#addresses.push({ type, host, port: listener.port });
    }
    this.#logger.info(this.#addresses.at(-1) ?? {}, 'listening');
  }

  #listenForTls(host: string, port: number, tls: TlsOptions): Promise<TlsListener> {
    const { maxConnections } = this.core.limits;
    const adopt = (socket: Duplex): void => this.adopt(socket);
    const lost = (error: Error): void =>
      this.#logger.debug({ reason: error.message }, 'connection not accepted');
    return listenForTls({ host, port, maxConnections, adopt, lost }, tls);
  }

  #tls(): TlsOptions {
    const { tls } = this.#settings;
    if (tls === undefined) return {};
    return {
      cert: readPem(tls.cert),
      key: readPem(tls.key),
      ...(tls.ca === undefined ? {} : { ca: readPem(tls.ca) }),
      requestCert: tls.requestClientCert,
      rejectUnauthorized: tls.requestClientCert,
      minVersion: 'TLSv1.2',
    };
  }

  #subscribeToSystem({ topic, request }: SubscribeFrame): void {
    if (!SystemTopics.has(topic)) {
      throw new ProtocolError('DENIED', `names that begin with ${SYSTEM_PREFIX} are the broker's own`, {
        request,
        fatal: false,
      });
    }
    this.#system.subscribed(topic);
  }
}

/**
 * Starts a broker.
 *
 * @throws LeveretError `BAD_CONFIG`, `INSECURE`, `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function createBroker(options: BrokerOptions & { logger?: Logger } = {}): Promise<Broker> {
  const { logger = SILENT, ...given } = options;
  const broker = new Broker(readBrokerOptions(given), logger);
  await broker.listen();
  return broker;
}

function limitsOf(settings: BrokerSettings): Partial<LogLimits> {
  return Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => name in DEFAULT_LIMITS && value !== undefined),
  );
}
