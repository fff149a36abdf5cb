import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import createDebug from 'debug';
import { checkWhole, LeveretError, MAX_TIMEOUT_MS, readLimits } from '#framing';
import { Activity } from './activity.ts';
import { formatId } from './connection-id.ts';
import { type CloseReason, type ConnectionState, OPEN } from './connection-state.ts';
import {
  type ConnectionSettings,
  KEEP_ALIVE_DELAY_MS,
  type SocketOptions,
  TIMEOUTS,
  type Timeouts,
} from './options.ts';

const debug = createDebug('leveret:connections');

/**
 * What happens to connections. Called directly from the socket's events; no queue lies between. What one of them throws
 * closes that connection: a `LeveretError` as `bad-input`, anything else as `error`.
 */
export interface ConnectionHandlers<C> {
  /** A connection has been taken in. */
  opened?(connection: Connection<C>): void;
  /** Bytes have arrived. Copy what you keep: a slice, however small, keeps the whole chunk in memory. */
  received(connection: Connection<C>, chunk: Buffer): void;
  /** There is room to write again. Also comes after a `write` that did not say "full". */
  drained?(connection: Connection<C>): void;
  /** The peer has sent its last byte and may still read. Without this handler our side is ended too. */
  ended?(connection: Connection<C>): void;
}

/** What a connection needs of the table that holds it. */
export interface ConnectionHost<C> {
  readonly instance: string;
  readonly settings: ConnectionSettings;
  readonly handlers: ConnectionHandlers<C>;
  /** Bytes that all connections have moved. */
  readonly counts: { bytesIn: number; bytesOut: number };
  /** The table's clock in whole milliseconds. */
  now(): number;
  /** Told once, when the connection's stream has closed. */
  closed(connection: Connection<C>, reason: CloseReason, error: Error | undefined): void;
  /** Told what a handler threw that is no peer's fault. */
  fault(error: unknown): void;
}

/** A stream that carries its connection, so that all streams can share one set of listeners. */
type Carrier = Duplex & { [CONNECTION]: Connection<unknown> };
const CONNECTION = Symbol('leveret.connection');

/**
 * One live connection: a socket with a number, counters and a state. Handlers may keep what they need to know of a
 * connection in its `context`.
 *
 * Built to be cheap to hold: no timer, no closure and no buffer of its own.
 */
export class Connection<C = undefined> {
  /** Counts up from 1 in its table, and is never used again. */
  readonly number: number;
  /** The stream beneath, for looking at (a TLS certificate, say), not for reading or writing. */
  readonly stream: Duplex;
  /** Whatever the owner of the table keeps with this connection. */
  context: C | undefined = undefined;
  /** Bytes received. */
  bytesIn = 0;
  /** Bytes given to `write`. */
  bytesOut = 0;

  readonly #host: ConnectionHost<C>;
  readonly #activity: Activity;
  #timeouts: Timeouts;
  #state = OPEN;

  /** For tables; use `ConnectionTable.adopt`. */
  // #region attach
  constructor(host: ConnectionHost<C>, stream: Duplex, number: number) {
    this.number = number;
    this.stream = stream;
    this.#host = host;
    this.#timeouts = host.settings;
    this.#activity = new Activity(host.now());
    (stream as Carrier)[CONNECTION] = this as Connection<unknown>;
    // The same five functions for all connections: each finds its connection on the stream.
    for (const [event, listener] of Connection.#listeners) stream.on(event, listener);
  }
  // #endregion attach

  /** The id as text that may be kept anywhere; it leads back to this connection and never to another. */
  get id(): string {
    return formatId(this.#host.instance, this.number);
  }

  /** `open`; `closing` from the call of `end` or `destroy`; `closed` when the socket is gone. */
  get state(): ConnectionState['tag'] {
    return this.#state.tag;
  }

  /** Address and port of the peer, where they are known; asked of the system at the first call. */
  get remoteAddress(): string | undefined {
    const { remoteAddress, remotePort } = this.stream as Partial<Socket>;
    return remotePort === undefined ? remoteAddress : `${remoteAddress}:${remotePort}`;
  }

  /** Bytes that were written and that the operating system has not taken yet. */
  get queuedBytes(): number {
    return this.stream.writableLength;
  }

  /** Milliseconds since the peer was last heard, as the sweeps saw it (so up to one sweep interval less). */
  get silentFor(): number {
    return this.#host.now() - this.#activity.heardAt;
  }

  /**
   * Sends bytes. They are not copied: leave them unchanged until they are out.
   *
   * @returns false when the connection is full (`drained` will come; the bytes were taken all the same), or when
   * it is no longer open (the bytes were dropped)
   */
  write(bytes: Uint8Array): boolean {
    if (this.#state !== OPEN) return false;
    this.bytesOut += bytes.length;
    this.#host.counts.bytesOut += bytes.length;
    // Node says "full" to a large write even when the system took all of it at once; then there is room.
    return this.stream.write(bytes) || this.stream.writableLength === 0;
  }

  /** Stops reading. The peer is slowed down by TCP itself; the idle timeout rests. */
  pause(): void {
    if (this.#state === OPEN) this.stream.pause();
  }

  /** Goes on reading. */
  resume(): void {
    if (this.#state === OPEN) this.stream.resume();
  }

  /**
   * Sets options of this one connection. A stream that is not a TCP socket has no socket options.
   *
   * @throws OptionError for a timeout that is not a whole number; then nothing is changed
   */
  setOptions({ noDelay, keepAlive, ...timeouts }: SocketOptions): void {
    this.#timeouts = readLimits(TIMEOUTS, { ...this.#timeouts, ...timeouts });
    if (!(this.stream instanceof Socket)) return;
    if (noDelay !== undefined) this.stream.setNoDelay(noDelay);
    if (keepAlive !== undefined) this.stream.setKeepAlive(keepAlive, KEEP_ALIVE_DELAY_MS);
  }

  /**
   * Ends in good order: what is buffered goes out, then our end. What still arrives is read and thrown away. A peer
   * that does not end its side in time is cut off.
   *
   * @param withinMs - the time until it is cut off; the option `closeTimeoutMs` if not given
   */
  // #region end
  end(reason?: CloseReason, withinMs = this.#host.settings.closeTimeoutMs): void {
    // step 5.3: end in good order
    checkWhole('withinMs', withinMs, 0, MAX_TIMEOUT_MS);
    if (this.#state !== OPEN) return;
    const why = reason ?? (this.stream.readableEnded ? 'peer' : 'local');
    this.#become({ tag: 'closing', reason: why, deadline: this.#host.now() + withinMs });
    this.stream.end();
    // Unread bytes would turn our end into a reset, and a reset may overtake what we sent last.
    this.stream.resume();
  }
  // #endregion end

  /** Ends at once; what is buffered is lost. Of several reasons the first one counts. */
  destroy(reason: CloseReason = 'local', error?: Error): void {
    if (this.#state === OPEN) this.#become({ tag: 'closing', reason, error, deadline: 0 });
    this.stream.destroy();
  }

  /** Looks at the deadlines. For tables: called for every connection by the table's one sweep. */
  // #region check
  check(now: number): void {
    if (now >= this.#state.deadline) this.stream.destroy();
    if (this.#state !== OPEN) return;
    const { bytesIn, stream } = this;
    // `writableLength` counts a buffer whole until its last byte is out; Node's socket handle knows how much of it is
    // left, so that a slow reader of one large buffer is not taken for one that has stopped.
    const handle = (stream as { _handle?: { writeQueueSize?: number } })._handle;
    const unsent = stream.writableLength + (handle?.writeQueueSize ?? 0);
    const bytesSent = this.bytesOut - unsent;
    const seen = { bytesIn, bytesSent, drained: unsent === 0, paused: stream.isPaused() };
    const reason = this.#activity.look(now, seen, this.#timeouts);
    if (reason !== undefined) this.destroy(reason);
  }
  // #endregion check

  /** Calls a handler. For tables, too. */
  tell(event: 'opened' | 'received' | 'drained' | 'ended', chunk?: Buffer): void {
    if (this.#state !== OPEN) return;
    try {
      this.#host.handlers[event]?.(this, chunk as Buffer);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
      if (!(error instanceof LeveretError)) this.#host.fault(error);
      this.destroy(error instanceof LeveretError ? 'bad-input' : 'error', error);
    }
  }

  /** The one place where the state changes. */
  #become(state: ConnectionState): void {
    this.#state = state;
    if (debug.enabled) debug('%s %s (%s) %s', this.id, state.tag, state.reason, state.error?.message ?? '');
  }

  // Errors first: a socket that nobody listens to for errors ends the whole process when its peer resets it.
  static readonly #listeners = Object.entries({
    error(this: Carrier, error: Error): void {
      this[CONNECTION].destroy('error', error);
    },
    close(this: Carrier): void {
      const connection = this[CONNECTION];
      const { reason, error } = connection.#state;
      connection.#become({ tag: 'closed', reason, error, deadline: 0 });
      connection.#host.closed(connection, reason, error);
    },
    drain(this: Carrier): void {
      this[CONNECTION].tell('drained');
    },
    end(this: Carrier): void {
      const connection = this[CONNECTION];
      if (connection.#host.handlers.ended === undefined) connection.end('peer');
      else connection.tell('ended');
    },
    data(this: Carrier, chunk: Buffer): void {
      const connection = this[CONNECTION];
      connection.bytesIn += chunk.length;
      connection.#host.counts.bytesIn += chunk.length;
      connection.tell('received', chunk);
    },
  });
}
