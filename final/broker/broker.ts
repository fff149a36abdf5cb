import type { Duplex } from 'node:stream';
import { createSecureContext, type TlsOptions } from 'node:tls';
import type { Clock } from '#topics';
import { Access, isGuarded } from './access/access.ts';
import type { Grants } from './access/grants.ts';
import { ConfigError } from './config-issue.ts';
import { BrokerCore } from './core.ts';
import { warnOfFewDescriptors } from './descriptor-limit.ts';
import { readBrokerLimits } from './limits.ts';
import { listenForTls, type TlsListener } from './listeners/tls-listener.ts';
import { tlsOptions } from './listeners/tls-options.ts';
import type { WaitingLimits } from './listeners/waiting-sockets.ts';
import { listenForWebSockets, WebSocketDoor } from './listeners/web-socket-listener.ts';
import { ERRORS_ONLY, type Logger } from './logger.ts';
import {
  type BrokerOptions,
  type BrokerSettings,
  type ListenerSettings,
  readBrokerOptions,
} from './options.ts';
import { RepeatedWarning } from './repeated-warning.ts';
import type { WatchedFrame } from './session/frame-watch.ts';
import type { StatusMessage, TopicSummary } from './topics/system-topics.ts';

/** An address that a broker listens on. */
export interface BrokerAddress {
  readonly type: ListenerSettings['type'];
  readonly host: string;
  readonly port: number;
}

/** A broker that is listening: made by {@link createBroker}. */
export class Broker implements AsyncDisposable {
  /**
   * What it does behind its listeners: its topics, sessions and limits, for the inspector.
   * @internal
   */
  readonly core: BrokerCore;
  /**
   * Where WebSockets are let in; an HTTP server may pass its upgrades here.
   * @internal
   */
  readonly webSockets: WebSocketDoor;

  #settings: BrokerSettings;
  readonly #logger: Logger;
  readonly #access: Access;
  readonly #notAccepted: RepeatedWarning;
  readonly #addresses: BrokerAddress[] = [];
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #renewers: ((tls: TlsOptions) => void)[] = [];
  #closing: Promise<void> | undefined;

  /** For {@link createBroker}. */
  constructor(settings: BrokerSettings, logger: Logger, clock?: Clock) {
    this.#settings = settings;
    this.#logger = logger;
    this.#notAccepted = new RepeatedWarning(
      logger,
      'a connection could not be accepted: if descriptors are short, raise their limit (ulimit -n) above maxConnections',
    );
    this.#access = new Access(settings.auth);
    this.core = new BrokerCore({
      limits: readBrokerLimits(settings),
      sweepIntervalMs: settings.sweepIntervalMs,
      clock,
      access: this.#access,
      logger,
    });
    this.webSockets = new WebSocketDoor({
      maxPayload: this.core.limits.maxFrameSize + 4,
      closeTimeoutMs: this.core.limits.closeTimeoutMs,
      allowedOrigins: settings.allowedOrigins,
      faults: this.core.faults,
      unfinished: this.core.unfinished,
      logger,
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

  /** False when anybody may do anything, with a token or without. */
  get isGuarded(): boolean {
    return this.#access.isGuarded;
  }

  /** Takes in a stream of frames that somebody else accepted. */
  adopt(stream: Duplex, info: { remoteAddress?: string } = {}): void {
    this.core.table.adopt(Object.assign(stream, info));
  }

  /** What the holder of a token may do; undefined when they are refused. */
  authorize(token: string): Grants | undefined {
    return this.#access.lookUp(token);
  }

  /** Whether grants that were given out are still those of somebody who is let in. */
  isCurrent(grants: Grants): boolean {
    return this.#access.isCurrent(grants);
  }

  /**
   * Takes other tokens, permissions and certificates, while it runs; files are read anew. What is left out is as if
   * `createBroker` had not been given it. Connections stay, but for those whose token is gone, which get a DENIED, and
   * those whose permissions are others, which are told CLOSING and may come back. A certificate is that of the connections
   * from now on.
   *
   * @returns how many connections were ended, for which reason
   * @throws LeveretError `BAD_CONFIG`; then nothing has changed
   */
  reload({ auth, tls }: Pick<BrokerOptions, 'auth' | 'tls'>): Reloaded {
    const settings = readBrokerOptions({ ...this.#settings, auth, tls });
    checkReload(this.#settings, settings);
    const options = tlsOptions(settings.tls);
    if (settings.tls !== undefined) checkSecureContext(options);
    this.#settings = settings;
    for (const renew of this.#renewers) renew(options);
    const verdict = this.#access.replace(settings.auth);
    const ended = this.core.revoke(verdict);
    this.#logger.info({ tokens: settings.auth?.tokens.length ?? 0, ...ended }, 'reloaded');
    return ended;
  }

  /** Shows frames as they come and go, 200 a second at most and 20 of one connection. Returns a function that stops it. */
  watchFrames(listener: (frame: WatchedFrame) => void): () => void {
    return this.core.watch.add(listener);
  }

  /** What it holds and does. */
  status(): StatusMessage {
    return this.core.system.status();
  }

  /** Its topics, without its own. */
  topics(): TopicSummary[] {
    return this.core.system.topics();
  }

  /**
   * What holds for connections that are not yet known to be those of clients.
   * @internal
   */
  get waitingLimits(): WaitingLimits {
    const { maxPending, helloTimeoutMs } = this.core.limits;
    return { max: maxPending, timeoutMs: helloTimeoutMs, sweepIntervalMs: this.#settings.sweepIntervalMs };
  }

  /**
   * The system could not give us a connection: out of descriptors, most likely.
   * @internal
   */
  notAccepted(error: Error): void {
    this.#notAccepted.tell({ reason: error.message });
  }

  /** For {@link createBroker}. */
  async listen(): Promise<void> {
    const { host, port, listeners } = this.#settings;
    warnOfFewDescriptors(this.core.limits.maxConnections, this.#logger);
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
   * @param deadline - milliseconds; the option `shutdownDeadlineMs` if not given
   */
  close(deadline = this.#settings.shutdownDeadlineMs): Promise<void> {
    if (this.#closing !== undefined && deadline > 0) return this.#closing;
    this.#logger.info({ connections: this.core.table.size, deadline }, 'shutting down');
    this.#closing = Promise.all([this.core.close(deadline), ...this.#closers.map((close) => close())]).then(
      ([discarded]) => {
        if (discarded.connectionsCutOff === 0) this.#logger.info(discarded, 'stopped');
        else this.#logger.warn(discarded, 'stopped, and clients were cut off');
      },
    );
    return this.#closing;
  }

  /** Closes the broker: see {@link Broker.close}. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #listenOn({ type, host, port, path }: ListenerSettings): Promise<void> {
    const tls = type === 'tls' || type === 'wss' ? tlsOptions(this.#settings.tls) : undefined;
    if (type === 'tcp' || type === 'tls') {
      const listener = await (tls === undefined
        ? this.core.table.listen({ host, port })
        : this.#listenForTls(host, port, tls));
      if ('renew' in listener) this.#renewers.push((options) => listener.renew(options));
      this.#closers.push(() => listener.close());
      this.#addresses.push({ type, host, port: listener.port });
    } else {
      const { waitingLimits: waiting } = this;
      const lost = (error: Error): void => this.notAccepted(error);
      const options = { host, port, path, waiting, lost, handshakeFailed: this.#handshakeFailed };
      const listener = await listenForWebSockets(
        this.webSockets,
        tls === undefined ? options : { ...options, tls },
      );
      if (tls !== undefined) this.#renewers.push((options) => listener.renew(options));
      this.#closers.push(() => listener.close());
      this.#addresses.push({ type, host, port: listener.port });
    }
    this.#logger.info(this.#addresses.at(-1) ?? {}, 'listening');
  }

  #listenForTls(host: string, port: number, tls: TlsOptions): Promise<TlsListener> {
    const { waitingLimits: waiting } = this;
    const adopt = (socket: Duplex): void => this.adopt(socket);
    const lost = (error: Error): void =>
      this.#logger.debug({ reason: error.message }, 'connection not accepted');
    return listenForTls({ host, port, waiting, adopt, lost, handshakeFailed: this.#handshakeFailed }, tls);
  }

  readonly #handshakeFailed = (error: Error, remoteAddress: string | undefined): void => {
    this.core.refusedLogins.tell(remoteAddress, `the TLS handshake failed: ${error.message}`);
  };
}

/** Connections that a {@link Broker.reload} has ended: as their token is gone, or as it has other permissions now. */
export interface Reloaded {
  readonly gone: number;
  readonly changed: number;
}

/** @throws ConfigError for what cannot change while a broker runs */
function checkReload(before: BrokerSettings, after: BrokerSettings): void {
  if (isGuarded(before.auth) && !isGuarded(after.auth)) {
    throw new ConfigError(
      'auth',
      (nameOf) => `${nameOf('auth')} cannot be taken away while the broker runs: anybody could do anything`,
    );
  }
  if (before.tls !== undefined && before.tls.requestClientCert !== after.tls?.requestClientCert) {
    const option = 'tls.requestClientCert';
    throw new ConfigError(option, (nameOf) => `${nameOf(option)} can change only when the broker starts`);
  }
}

/** @throws ConfigError for certificates that TLS does not take */
function checkSecureContext(options: TlsOptions): void {
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new ConfigError('tls.cert', (nameOf) => `${nameOf('tls.cert')}: TLS does not take it: ${cause}`, {
      cause,
    });
  }
}

/** What {@link createBroker} takes beside the options that a configuration may hold. */
export interface BrokerTools {
  /**
   * Where it tells what happens.
   * @defaultValue says nothing but errors, on stderr
   */
  readonly logger?: Logger;
  /**
   * Monotonic milliseconds, for tests.
   * @defaultValue the process's own clock
   */
  readonly clock?: Clock;
}

/**
 * Starts a broker.
 *
 * @throws LeveretError `BAD_CONFIG`, `INSECURE`, `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function createBroker(options: BrokerOptions & BrokerTools = {}): Promise<Broker> {
  const { logger = ERRORS_ONLY, clock, ...given } = options;
  const broker = new Broker(readBrokerOptions(given), logger, clock);
  await broker.listen();
  return broker;
}
