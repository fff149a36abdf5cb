import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import createDebug from 'debug';
import { LeveretError } from '#framing';
import type { CloseReason } from './close-reason.ts';
import { formatId } from './connection-id.ts';
import { type ConnectionState, type Ending, type Life, OPEN } from './life.ts';
import { type ConnectionSettings, checkTimeout, KEEP_ALIVE_DELAY, type SocketOptions } from './options.ts';
import { unsentBytes } from './unsent-bytes.ts';

const debug = createDebug('leveret:connections');

/** What happens to connections. Called directly from the socket's events; no queue lies between. */
export interface ConnectionHandlers<C> {
  /** A connection has been taken in. */
  opened?(connection: Connection<C>): void;
  /**
   * Bytes have arrived. The chunk is only lent if you keep slices of it (a small slice keeps the whole chunk in
   * memory): copy what you keep. What this throws closes the connection: a `LeveretError` as `bad-input`,
   * anything else as `error`.
   */
  received(connection: Connection<C>, chunk: Buffer): void;
  /** There is room to write again. Also comes after a `write` that did not say "full". */
  drained?(connection: Connection<C>): void;
  /**
   * The peer has sent its last byte and may still read. Without this handler our side is ended too.
   */
  ended?(connection: Connection<C>): void;
  /**
   * Nothing moved for the idle timeout. Without this handler the connection is destroyed as `idle`; with it,
   * it is called again at each sweep until something moves or the connection closes.
   */
  idle?(connection: Connection<C>): void;
  /** The connection is gone. Comes once for each that was opened, last of all its events. */
  closed?(connection: Connection<C>, reason: CloseReason, error?: Error): void;
}

/** What is known about a stream that is taken in, beside what the stream itself says. */
export interface ConnectionInfo {
  /** Where the peer is, when the stream has no `remoteAddress` of its own (a WebSocket, say). */
  readonly remoteAddress?: string;
}

/** What a connection needs of the table that holds it. */
export interface ConnectionHome<C> {
  readonly instance: string;
  readonly settings: ConnectionSettings;
  readonly handlers: ConnectionHandlers<C>;
  /** The table's clock in whole milliseconds. */
  now(): number;
  /** Called once, when the connection's stream has closed. */
  forget(connection: Connection<C>, reason: CloseReason): void;
}

const CONNECTION = Symbol('leveret.connection');

/** A stream that carries its connection, so that all streams can share one set of listener functions. */
interface Carrier extends Duplex {
  [CONNECTION]: Connection<unknown>;
}

/**
 * One live connection: a socket with a number, counters and a state. Handlers may keep what they need to know
 * of a connection in its `context`.
 *
 * Built to be cheap to hold: no timer, no closure and no buffer of its own.
 */
export class Connection<C = undefined> {
  /** Counts up from 1 in its table, and is never used again. */
  readonly number: number;
  /** Whatever the owner of the table keeps with this connection. */
  context: C | undefined = undefined;

  readonly #home: ConnectionHome<C>;
  readonly #stream: Duplex;
  readonly #info: ConnectionInfo | undefined;
  #life: Life = OPEN;
  #bytesIn = 0;
  #bytesOut = 0;
  #idleTimeout: number;
  #writeTimeout: number;

  // What the last sweep saw, and when it last saw a change. The events themselves read no clock.
  #seenIn = 0;
  #seenOut = 0;
  #seenSent = 0;
  #heardAt: number;
  #movedAt: number;
  #sentAt: number;

  private constructor(
    home: ConnectionHome<C>,
    stream: Duplex,
    number: number,
    info: ConnectionInfo | undefined,
  ) {
    this.number = number;
    this.#home = home;
    this.#stream = stream;
    this.#info = info;
    this.#idleTimeout = home.settings.idleTimeout;
    this.#writeTimeout = home.settings.writeTimeout;
    this.#heardAt = this.#movedAt = this.#sentAt = home.now();
  }

  /**
   * Takes in a stream. For tables; use `ConnectionTable.adopt`.
   *
   * The listeners are the same five functions for all connections: each finds its connection on the stream.
   */
  // #region attach
  static attach<C>(
    home: ConnectionHome<C>,
    stream: Duplex,
    number: number,
    info: ConnectionInfo | undefined,
  ): Connection<C> {
    const connection = new Connection(home, stream, number, info);
    (stream as Carrier)[CONNECTION] = connection as Connection<unknown>;
    const { data, drain, end, error, close } = Connection.#listeners;
    // First of all: a socket that nobody listens to for errors ends the whole process when its peer resets it.
    stream.on('error', error);
    stream.on('close', close);
    stream.on('drain', drain);
    stream.on('end', end);
    stream.on('data', data);
    return connection;
  }
  // #endregion attach

  /** The id as text that may be kept anywhere; it leads back to this connection and never to another. */
  get id(): string {
    return formatId(this.#home.instance, this.number);
  }

  /** `open`; `closing` from the call of `end` or `destroy`; `closed` when the socket is gone. */
  get state(): ConnectionState {
    return this.#life.tag;
  }

  /** Address and port of the peer, where they are known; asked of the system at the first call. */
  get remoteAddress(): string | undefined {
    const { remoteAddress, remotePort } = this.#stream as Partial<Socket>;
    return remoteAddress === undefined ? this.#info?.remoteAddress : `${remoteAddress}:${remotePort}`;
  }

  /** Bytes received. */
  get bytesIn(): number {
    return this.#bytesIn;
  }

  /** Bytes given to `write`. */
  get bytesOut(): number {
    return this.#bytesOut;
  }

  /** Bytes that were written and that the operating system has not taken yet. */
  get queuedBytes(): number {
    return this.#stream.writableLength;
  }

  /** True when the peer has sent its last byte. */
  get peerEnded(): boolean {
    return this.#stream.readableEnded;
  }

  /** Milliseconds since the peer was last heard, as the sweeps saw it (so up to one sweep interval less). */
  get silentFor(): number {
    return this.#home.now() - this.#heardAt;
  }

  /** The stream beneath, for looking at (a TLS certificate, say), not for reading or writing. */
  get stream(): Duplex {
    return this.#stream;
  }

  /**
   * Sends bytes. They are not copied: leave them unchanged until they are out.
   *
   * @returns false when the connection is full (`drained` will come; the bytes were taken all the same), or when
   * it is no longer open (the bytes were dropped)
   */
  // #region write
  write(bytes: Uint8Array): boolean {
    if (this.#life !== OPEN) return false;
    this.#bytesOut += bytes.length;
    // Node says "full" to a large write even when the system took all of it at once; then there is room.
    return this.#stream.write(bytes) || this.#stream.writableLength === 0;
  }
  // #endregion write

  /** Holds back small writes until `uncork`, so that they leave together. */
  cork(): void {
    this.#stream.cork();
  }

  /** Lets go what `cork` held back. */
  uncork(): void {
    this.#stream.uncork();
  }

  /** Stops reading. The peer is slowed down by TCP itself; the idle timeout rests. */
  pause(): void {
    if (this.#life === OPEN) this.#stream.pause();
  }

  /** Goes on reading. */
  resume(): void {
    if (this.#life === OPEN) this.#stream.resume();
  }

  /**
   * Sets options of this one connection. A stream that is not a TCP socket has no socket options.
   *
   * @throws RangeError for a timeout that is not a whole number
   */
  setOptions(options: SocketOptions): void {
    const {
      noDelay,
      keepAlive,
      idleTimeout = this.#idleTimeout,
      writeTimeout = this.#writeTimeout,
    } = options;
    checkTimeout('idleTimeout', idleTimeout);
    checkTimeout('writeTimeout', writeTimeout);
    this.#idleTimeout = idleTimeout;
    this.#writeTimeout = writeTimeout;
    if (!(this.#stream instanceof Socket)) return;
    if (noDelay !== undefined) this.#stream.setNoDelay(noDelay);
    if (keepAlive !== undefined) this.#stream.setKeepAlive(keepAlive, KEEP_ALIVE_DELAY);
  }

  /**
   * Ends in good order: what is queued goes out, then our end. What still arrives is read and thrown away. A peer
   * that does not end its side in time is cut off.
   *
   * @param within - milliseconds until it is cut off; {@link ConnectionOptions.closeTimeout} if not given
   */
  // #region end
  end(reason: CloseReason = this.peerEnded ? 'peer' : 'local', within?: number): void {
    // task 5.3: end in good order
    if (this.#life !== OPEN) return;
    const { closeTimeout } = this.#home.settings;
    const deadline = this.#home.now() + (within ?? closeTimeout);
    this.#become({ tag: 'closing', reason, error: undefined, deadline });
    this.#stream.end();
    // Unread bytes would turn our end into a reset, and a reset may overtake what we sent last.
    this.#stream.resume();
  }
  // #endregion end

  /** Ends at once; what is queued is lost. Of several reasons the first one counts. */
  destroy(reason: CloseReason = 'local', error?: Error): void {
    if (this.#life === OPEN) this.#become({ tag: 'closing', reason, error, deadline: 0 });
    this.#stream.destroy();
  }

  /** Closes because of what a handler threw: a `LeveretError` is the peer's fault (`bad-input`), another is ours. */
  fail(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.destroy(error instanceof LeveretError ? 'bad-input' : 'error', error);
  }

  /** Looks at the deadlines. For tables: called for every connection by the table's one sweep. */
  // #region check
  check(now: number): void {
    // task 5.4: find what has stood still for too long
    if (this.#life.tag === 'closing' && now >= this.#life.deadline) this.#stream.destroy();
    if (this.#life !== OPEN) return;
    const sent = this.#bytesOut - unsentBytes(this.#stream);
    // While we do not read it, a peer cannot be heard: its silence is ours.
    const heard = this.#bytesIn !== this.#seenIn || this.#stream.isPaused();
    if (heard) this.#heardAt = now;
    if (heard || this.#bytesOut !== this.#seenOut || sent !== this.#seenSent) this.#movedAt = now;
    if (sent !== this.#seenSent || this.queuedBytes === 0) this.#sentAt = now;
    this.#seenIn = this.#bytesIn;
    this.#seenOut = this.#bytesOut;
    this.#seenSent = sent;
    if (this.#writeTimeout > 0 && now - this.#sentAt >= this.#writeTimeout) this.destroy('write-timeout');
    else if (this.#idleTimeout > 0 && now - this.#movedAt >= this.#idleTimeout) this.#idle();
  }
  // #endregion check

  #idle(): void {
    const { handlers } = this.#home;
    if (handlers.idle === undefined) this.destroy('idle');
    else handlers.idle(this);
  }

  /** The one place where the state changes. */
  #become(life: Ending<'closing' | 'closed'>): void {
    this.#life = life as Life;
    if (debug.enabled) debug('%s %s (%s) %s', this.id, life.tag, life.reason, life.error?.message ?? '');
  }

  /** Shared by all connections; `this` is the stream that had the event. */
  static readonly #listeners = {
    data(this: Carrier, chunk: Buffer): void {
      const connection = this[CONNECTION];
      connection.#bytesIn += chunk.length;
      if (connection.#life !== OPEN) return;
      try {
        connection.#home.handlers.received(connection, chunk);
      } catch (error) {
        connection.fail(error);
      }
    },
    drain(this: Carrier): void {
      const connection = this[CONNECTION];
      if (connection.#life !== OPEN) return;
      try {
        connection.#home.handlers.drained?.(connection);
      } catch (error) {
        connection.fail(error);
      }
    },
    end(this: Carrier): void {
      const connection = this[CONNECTION];
      if (connection.#life !== OPEN) return;
      const { handlers } = connection.#home;
      try {
        if (handlers.ended === undefined) connection.end('peer');
        else handlers.ended(connection);
      } catch (error) {
        connection.fail(error);
      }
    },
    error(this: Carrier, error: Error): void {
      this[CONNECTION].destroy('error', error);
    },
    close(this: Carrier): void {
      const connection = this[CONNECTION];
      const life = connection.#life;
      if (life.tag === 'closed') return;
      // Still open: somebody destroyed the stream behind our back.
      const { reason, error } =
        life.tag === 'closing' ? life : { reason: 'local' as const, error: undefined };
      connection.#become({ tag: 'closed', reason, error, deadline: 0 });
      connection.#home.forget(connection, reason);
      connection.#home.handlers.closed?.(connection, reason, error);
    },
  };
}
