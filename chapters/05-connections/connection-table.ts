import { createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkWhole, MAX_TIMEOUT_MS } from '#framing';
import { boundPort, checkPort, DEFAULT_HOST, type ListenOptions, listen } from '#framing/net';
import { Connection, type ConnectionHandlers, type ConnectionHost } from './connection.ts';
import { newInstance, parseId } from './connection-id.ts';
import { CLOSE_REASONS, type CloseReason, type RefusalReason } from './connection-state.ts';
import { type ConnectionOptions, KEEP_ALIVE_DELAY_MS, readOptions } from './options.ts';

type Counts = Record<CloseReason, number>;

/** How long a refused newcomer may take to read our last words, in milliseconds. */
const LINGER_MS = 1_000;
/** How many refused newcomers may linger; beyond that they are cut off without a word. */
const MAX_LINGERING = 256;

/** Where, and how, a table listens. */
export type TableListenOptions = ListenOptions & {
  /**
   * How many connections the system may hold that we have not accepted yet.
   * @defaultValue 511
   */
  readonly backlog?: number;
};

/** One address that a table listens on. After its `close`, connections that are open stay open. */
export type Listener = Awaited<ReturnType<ConnectionTable['listen']>>;

/**
 * What a table holds and has done since it was made: `connections` that are open or closing now, `accepted` and `refused`
 * so far; `bytesIn` and `bytesOut` of all that ever were; `queuedBytes` that wait now for a peer to take them; and how
 * many were `closed`, for each reason.
 */
export type ConnectionStatus = ReturnType<ConnectionTable['status']>;

/** What a table tells its owner: what happens to its connections, and to itself. */
export interface TableHandlers<C> extends ConnectionHandlers<C> {
  /** The connection is gone. Comes once for each that was opened, last of all its events. */
  closed?(connection: Connection<C>, reason: CloseReason, error?: Error): void;
  /** A newcomer is refused. The bytes given back, if any, are sent to it as last words. */
  refused?(reason: RefusalReason): Uint8Array | undefined;
  /** After each sweep, while there are connections: a place for deadlines of your own, with no timer of their own. */
  swept?(now: number): void;
  /** A handler threw what is no `LeveretError`: a fault in this program. Without this handler it is printed. */
  fault?(error: unknown): void;
}

/**
 * Holds connections by the thousands: each has a number, and an id that leads back to it from anywhere; one sweep
 * watches all timeouts; what happens is told to one set of handlers.
 *
 * Source: the seed flamingo.
 */
export class ConnectionTable<C = undefined> {
  readonly #handlers: TableHandlers<C>;
  readonly #host: ConnectionHost<C>;
  readonly #closed = Object.fromEntries(CLOSE_REASONS.map((reason) => [reason, 0])) as Counts;
  readonly #counts = { accepted: 0, refused: 0, bytesIn: 0, bytesOut: 0, closed: this.#closed };
  readonly #connections = new Map<number, Connection<C>>();
  // Not in the table: they are told why, and end.
  readonly #refused = new Set<Connection<C>>();
  readonly #servers = new Set<Server>();
  #timer: NodeJS.Timeout | undefined;
  // Called when the last connection is gone; undefined unless it is shutting down.
  #onEmpty: (() => void)[] | undefined;

  /** @throws OptionError for an option out of range */
  constructor(options: ConnectionOptions, handlers: TableHandlers<C>) {
    const settings = readOptions(options);
    this.#handlers = handlers;
    this.#host = {
      instance: newInstance(),
      settings,
      handlers,
      counts: this.#counts,
      now: () => Math.round(settings.clock()),
      closed: (...ending) => this.#forget(...ending),
      fault: (error) => (handlers.fault ? handlers.fault(error) : console.error('a handler failed:', error)),
    };
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
   * @throws OptionError for a port or backlog out of range
   * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
   */
  async listen(options: TableListenOptions = {}) {
    const { host = DEFAULT_HOST, port = 0, backlog = 511 } = options;
    checkPort(port);
    checkWhole('backlog', backlog, 1, 65_535);
    const { noDelay, keepAlive, highWaterMark } = this.#host.settings;
    const keepAliveInitialDelay = KEEP_ALIVE_DELAY_MS;
    // Half open: a peer that has sent its last byte may still want its answers.
    const socketOptions = { noDelay, keepAlive, keepAliveInitialDelay, highWaterMark, allowHalfOpen: true };
    const server = createServer(socketOptions, (socket) => void this.adopt(socket));
    await listen(server, host, port, backlog);
    // Out of descriptors, say: that one connection is lost, the server is not.
    server.on('error', () => this.#counts.refused++);
    this.#servers.add(server);
    return {
      host,
      port: boundPort(server),
      /** Listens no more. Connections that are open stay open. */
      close: async () => void server.close(),
    };
  }

  /**
   * Takes in a stream that somebody else accepted (a WebSocket, a pipe).
   *
   * @returns the connection, or undefined when it was refused: the table is full or shutting down
   */
  // #region adopt
  adopt(stream: Duplex): Connection<C> | undefined {
    // step 5.2: take in a connection, or refuse it
    if (this.#onEmpty !== undefined) return this.#refuse(stream, 'shutdown');
    if (this.size >= this.#host.settings.maxConnections) return this.#refuse(stream, 'full');
    this.#counts.accepted += 1;
    const connection = new Connection(this.#host, stream, this.#counts.accepted);
    this.#connections.set(connection.number, connection);
    this.#watch();
    connection.tell('opened');
    return connection;
  }
  // #endregion adopt

  /** The connection with this number or id, if it is still here. */
  get(id: string | number): Connection<C> | undefined {
    const number = typeof id === 'number' ? id : parseId(this.#host.instance, id);
    return number === undefined ? undefined : this.#connections.get(number);
  }

  /** What this table holds and has done so far. Walks over all connections: for people and monitors. */
  status() {
    let queuedBytes = 0;
    for (const connection of this) queuedBytes += connection.queuedBytes;
    return { connections: this.size, ...this.#counts, queuedBytes, closed: { ...this.#closed } };
  }

  /**
   * Stops listening, ends every connection in good order, and cuts off those that are still there at the deadline.
   * Resolves when none is left. May be called again with a shorter deadline.
   *
   * @throws OptionError for a deadline that is not a whole number of milliseconds; then nothing has begun to end
   */
  async shutdown({ deadlineMs = this.#host.settings.closeTimeoutMs } = {}): Promise<void> {
    checkWhole('deadlineMs', deadlineMs, 0, MAX_TIMEOUT_MS);
    this.#onEmpty ??= [];
    for (const server of this.#servers) server.close();
    for (const connection of this.#refused) connection.destroy();
    for (const connection of this) connection.end('shutdown', deadlineMs);
    if (this.size === 0) return;
    const cut = setTimeout(() => {
      for (const connection of this) connection.destroy();
    }, deadlineMs);
    await new Promise<void>((resolve) => this.#onEmpty?.push(resolve));
    clearTimeout(cut);
  }

  /**
   * Closing a socket at once, with bytes of the peer still unread, sends a reset that destroys our last words on their
   * way. So a refused newcomer is a connection that ends in good order, within a second.
   */
  #refuse(stream: Duplex, reason: RefusalReason): undefined {
    this.#counts.refused += 1;
    const words = this.#guard(() => this.#handlers.refused?.(reason));
    const connection = new Connection(this.#host, stream, 0);
    this.#refused.add(connection);
    this.#watch();
    if (words === undefined || this.#refused.size > MAX_LINGERING) connection.destroy('denied');
    else connection.write(words);
    connection.end('denied', LINGER_MS);
  }

  #forget(connection: Connection<C>, reason: CloseReason, error: Error | undefined): void {
    if (!this.#refused.delete(connection)) {
      this.#connections.delete(connection.number);
      this.#closed[reason] += 1;
      this.#guard(() => this.#handlers.closed?.(connection, reason, error));
    }
    this.#watch();
    if (this.size === 0) for (const resolve of this.#onEmpty?.splice(0) ?? []) resolve();
  }

  /** Keeps the sweep's timer while there is something to watch, and only then. */
  #watch(): void {
    if (this.size + this.#refused.size > 0) {
      this.#timer ??= setInterval(() => {
        // What has come meanwhile is read first: no deadline passes over bytes that are here.
        setImmediate(() => this.#sweep());
      }, this.#host.settings.sweepIntervalMs).unref();
    } else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #sweep(): void {
    const now = this.#host.now();
    for (const connection of [...this, ...this.#refused]) connection.check(now);
    if (this.size > 0) this.#guard(() => this.#handlers.swept?.(now));
  }

  /** Calls a handler that belongs to no open connection. */
  #guard<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      this.#host.fault(error);
    }
  }
}
