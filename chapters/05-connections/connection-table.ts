import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import createDebug from 'debug';
import { boundPort, DEFAULT_HOST, type ListenOptions, listen } from '#framing/net';
import type { CloseReason, RefusalReason } from './close-reason.ts';
import {
  Connection,
  type ConnectionHandlers,
  type ConnectionHome,
  type ConnectionInfo,
} from './connection.ts';
import { newInstance, parseId } from './connection-id.ts';
import { type ConnectionStatus, Tally } from './connection-status.ts';
import { Doorstep } from './doorstep.ts';
import {
  type ConnectionOptions,
  type ConnectionSettings,
  KEEP_ALIVE_DELAY,
  readOptions,
  type SocketOptions,
} from './options.ts';

const debug = createDebug('leveret:connections');

/** Where, and how, a table listens. */
export interface TableListenOptions extends ListenOptions {
  /**
   * How many connections the system may hold that we have not accepted yet.
   * @defaultValue 511
   */
  readonly backlog?: number;
  /** Certificate, key and further options for TLS; without them the bytes travel as they are. */
  readonly tls?: TlsOptions;
}

/** One address that a table listens on. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Stops listening here; connections that are open stay open. */
  close(): Promise<void>;
}

/** What a table tells its owner: what happens to its connections, and to itself. */
export interface TableHandlers<C> extends ConnectionHandlers<C> {
  /** A newcomer is refused. The bytes given back, if any, are sent to it as last words. */
  refused?(reason: RefusalReason): Uint8Array | undefined;
  /** After each sweep, while there are connections: a place for deadlines of your own, with no timer of their own. */
  swept?(now: number): void;
}

/**
 * Holds connections by the thousands: each has a number, and an id that leads back to it from anywhere; one sweep
 * watches all timeouts; what happens is told to one set of handlers.
 *
 * Source: the seed flamingo.
 */
export class ConnectionTable<C = undefined> {
  readonly #settings: ConnectionSettings;
  readonly #handlers: TableHandlers<C>;
  readonly #home: ConnectionHome<C>;
  readonly #connections = new Map<number, Connection<C>>();
  readonly #listeners = new Set<Server>();
  readonly #tally = new Tally();
  readonly #doorstep: Doorstep;
  readonly #instance = newInstance();
  #lastNumber = 0;
  #timer: NodeJS.Timeout | undefined;
  #shutdown: (() => void)[] | undefined;

  /** @throws RangeError for an option out of range */
  constructor(options: ConnectionOptions, handlers: TableHandlers<C>) {
    this.#settings = readOptions(options);
    this.#handlers = handlers;
    const { clock } = this.#settings;
    const now = (): number => Math.round(clock());
    const forget = (connection: Connection<C>, reason: CloseReason): void => this.#forget(connection, reason);
    this.#home = { instance: this.#instance, settings: this.#settings, handlers, now, forget };
    this.#doorstep = new Doorstep(now);
  }

  /** How many connections there are. */
  get size(): number {
    return this.#connections.size;
  }

  /** All connections, in the order in which they came. */
  [Symbol.iterator](): IterableIterator<Connection<C>> {
    return this.#connections.values();
  }

  /**
   * Listens on an address. A table may listen on several.
   *
   * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
   */
  async listen(options: TableListenOptions = {}): Promise<Listener> {
    const { host = DEFAULT_HOST, port = 0, backlog = 511, tls } = options;
    const server = this.#createServer(tls);
    await listen(server, host, port, backlog);
    // Out of descriptors, say: that one connection is lost, the server is not.
    server.on('error', (error) => this.#notAccepted(error));
    this.#listeners.add(server);
    return { host, port: boundPort(server), close: () => this.#stop(server) };
  }

  /**
   * Takes in a stream that somebody else accepted (a WebSocket, a pipe).
   *
   * @returns the connection, or undefined when it was refused: the table is full or shutting down
   */
  // #region adopt
  adopt(stream: Duplex, info?: ConnectionInfo): Connection<C> | undefined {
    // task 5.2: take in a connection, or refuse it
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      this.#tally.refused += 1;
      this.#doorstep.turnAway(stream, this.#handlers.refused?.(refusal));
      this.#watch();
      return undefined;
    }
    this.#tally.accepted += 1;
    this.#lastNumber += 1;
    const connection = Connection.attach(this.#home, stream, this.#lastNumber, info);
    this.#connections.set(connection.number, connection);
    this.#watch();
    try {
      this.#handlers.opened?.(connection);
    } catch (error) {
      connection.fail(error);
    }
    return connection;
  }
  // #endregion adopt

  /** The connection with this number or id, if it is still here. */
  get(id: string | number): Connection<C> | undefined {
    const number = typeof id === 'number' ? id : parseId(this.#instance, id);
    return number === undefined ? undefined : this.#connections.get(number);
  }

  /**
   * Sends bytes to a connection. False when it is gone, or ending; then they are dropped. To learn whether it has
   * room for more, use {@link Connection.write}.
   */
  send(id: string | number, bytes: Uint8Array): boolean {
    const connection = this.get(id);
    if (connection?.state !== 'open') return false;
    connection.write(bytes);
    return true;
  }

  /** Ends a connection in good order. False when it was gone, or ending, already. */
  close(id: string | number, reason?: CloseReason): boolean {
    const connection = this.get(id);
    if (connection?.state !== 'open') return false;
    connection.end(reason);
    return true;
  }

  /** Sets options of one connection. False when it is gone. */
  setOptions(id: string | number, options: SocketOptions): boolean {
    const connection = this.get(id);
    connection?.setOptions(options);
    return connection !== undefined;
  }

  /** What this table holds and has done so far. Walks over all connections: for people and monitors. */
  status(): ConnectionStatus {
    return this.#tally.report(this.#connections.values(), this.#connections.size);
  }

  /**
   * Stops listening, ends every connection in good order, and cuts off those that are still there at the deadline.
   * Resolves when none is left. May be called again with a shorter deadline.
   */
  shutdown(options: { deadline?: number } = {}): Promise<void> {
    const { deadline = this.#settings.closeTimeout } = options;
    this.#shutdown ??= [];
    for (const server of this.#listeners) void this.#stop(server);
    this.#doorstep.clear();
    for (const connection of this.#connections.values()) {
      if (deadline > 0) connection.end('shutdown', deadline);
      else connection.destroy('shutdown');
    }
    if (this.#connections.size === 0) return Promise.resolve();
    const cut = setTimeout(() => {
      for (const connection of this.#connections.values()) connection.destroy('shutdown');
    }, deadline);
    return new Promise<void>((resolve) => this.#shutdown?.push(resolve)).finally(() => clearTimeout(cut));
  }

  #createServer(tls: TlsOptions | undefined): Server {
    const { noDelay, keepAlive, highWaterMark, maxConnections } = this.#settings;
    const options = {
      noDelay,
      keepAlive,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY,
      highWaterMark,
      allowHalfOpen: true,
    };
    if (tls === undefined) return createServer(options, (socket) => void this.adopt(socket));
    // A peer that leaves in the middle of the handshake is noticed when that time is up, at the latest.
    const server = createTlsServer(
      { handshakeTimeout: 10_000, ...options, ...tls },
      (socket) => void this.adopt(socket),
    );
    server.on('tlsClientError', (error: Error, socket: Socket) => {
      this.#notAccepted(error);
      socket.destroy();
    });
    // Those that are still shaking hands are not in the table, and count too.
    server.maxConnections = maxConnections;
    server.on('drop', () => this.#notAccepted(new Error('full')));
    return server;
  }

  #notAccepted(error: Error): void {
    this.#tally.refused += 1;
    debug('not accepted: %s', error.message);
  }

  #refusal(): RefusalReason | undefined {
    if (this.#shutdown !== undefined) return 'shutdown';
    return this.#connections.size >= this.#settings.maxConnections ? 'full' : undefined;
  }

  #forget(connection: Connection<C>, reason: CloseReason): void {
    this.#connections.delete(connection.number);
    this.#tally.leave(connection, reason);
    if (this.#connections.size > 0) return;
    this.#watch();
    for (const resolve of this.#shutdown?.splice(0) ?? []) resolve();
  }

  /** Keeps the sweep's timer while there is something to watch, and only then. */
  #watch(): void {
    const needed = this.#connections.size > 0 || this.#doorstep.size > 0;
    if (needed && this.#timer === undefined) {
      this.#timer = setInterval(() => this.#sweep(), this.#settings.sweepInterval).unref();
    } else if (!needed && this.#timer !== undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #sweep(): void {
    const now = this.#home.now();
    for (const connection of this.#connections.values()) connection.check(now);
    this.#doorstep.sweep(now);
    if (this.#connections.size > 0) this.#handlers.swept?.(now);
    this.#watch();
  }

  async #stop(server: Server): Promise<void> {
    // Node's callback waits for the last connection to end; the port is free as soon as the handle is closed.
    if (this.#listeners.delete(server)) server.close();
  }
}
