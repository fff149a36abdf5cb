import { connect, type Socket } from 'node:net';
import createDebug from 'debug';
import { FrameReader } from '#framing';
import { formatAddress, type PeerAddress } from './address.ts';
import { explainDial, PeerError } from './errors.ts';
import { type PendingSend, SendQueue } from './pending-send.ts';
import {
  DATAGRAM_OVERHEAD,
  decodeRefuse,
  decodeWelcome,
  encodeHello,
  HANDSHAKE_LIMIT,
  PeerFrame,
  putDatagram,
  putDatagramHeader,
} from './wire.ts';

const debug = createDebug('leveret:peers');

/** One write takes at most this many bytes, unless a single datagram is larger. */
const MAX_BATCH = 131_072;

/** The life of a connection, changed in one place ({@link PoolConnection} `#become`). */
export type ConnectionState = 'dialling' | 'ready' | 'draining' | 'closed';

/** What a connection tells the pool that it belongs to. */
export interface ConnectionEvents {
  /** The handshake is done: it takes datagrams. */
  ready(connection: PoolConnection): void;
  /** It never became ready. */
  failed(connection: PoolConnection, error: PeerError): void;
  /** It is not to be used any more. `unsent` holds what had not been written; that may go another way. */
  leaving(connection: PoolConnection, unsent: SendQueue): void;
  /** Its socket is gone. `broken` says whether that came unasked. */
  closed(connection: PoolConnection, broken: boolean): void;
  /** A write went through. */
  flushed(connection: PoolConnection, datagrams: number): void;
}

/** Times of a connection, in milliseconds. */
export interface ConnectionTimes {
  readonly connectTimeout: number;
  readonly stallTimeout: number;
  readonly drainTimeout: number;
}

/**
 * One outgoing connection of a pool. It writes datagrams in the order in which it was given them, and has at most
 * one write under way: what comes in the meantime is gathered, and goes out with the next.
 */
export class PoolConnection {
  readonly #address: string;
  readonly #events: ConnectionEvents;
  readonly #clock: () => number;
  readonly #socket: Socket;

  #state: ConnectionState = 'dialling';
  #since: number;
  #idleSince = Number.POSITIVE_INFINITY;
  #maxDatagram = 0;

  #unsent = new SendQueue();
  // Invariant: #batch is empty exactly when no write is under way.
  #batch: readonly PendingSend[] = [];
  #batchBytes = 0;
  #batchSince = 0;
  #scheduled = false;
  #cause: Error | undefined;

  constructor(to: PeerAddress, from: string, events: ConnectionEvents, clock: () => number) {
    this.#address = formatAddress(to);
    this.#events = events;
    this.#clock = clock;
    this.#since = clock();
    this.#socket = connect({ ...to, noDelay: true, keepAlive: true, allowHalfOpen: true });
    this.#socket.on('error', (cause) => {
      this.#cause ??= cause;
    });
    this.#socket.once('connect', () => this.#socket.write(encodeHello(from)));
    this.#socket.on('end', () => this.#ended());
    this.#socket.once('close', () => this.#closed());
    this.#listen();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Bytes that it has been given and that the operating system has not taken yet. */
  get load(): number {
    return this.#unsent.bytes + this.#batchBytes;
  }

  /** When it became idle, on the peer's clock; Infinity while it is not. */
  get idleSince(): number {
    return this.#state === 'ready' ? this.#idleSince : Number.POSITIVE_INFINITY;
  }

  /** Takes a datagram. It is written at the end of this turn, or after the write that is under way. */
  send(send: PendingSend): void {
    this.#idleSince = Number.POSITIVE_INFINITY;
    this.#unsent.push(send);
    if (this.#scheduled || this.#batch.length > 0) return;
    this.#scheduled = true;
    process.nextTick(this.#endOfTurn);
  }

  /** Writes all that waits, in one go. */
  // #region flush
  #flush(): void {
    // task 7.2: many datagrams, one write
    this.#scheduled = false;
    if (this.#state !== 'ready' || this.#batch.length > 0) return;
    const batch: PendingSend[] = [];
    let size = 0;
    for (let send = this.#unsent.first; send !== undefined; send = this.#unsent.first) {
      const length = send.bytes.length;
      if (batch.length > 0 && size + send.cost > MAX_BATCH) break;
      if (length > this.#maxDatagram) {
        send.fail(this.#tooLarge(length));
        continue;
      }
      this.#unsent.remove(send);
      send.stage = 'written';
      batch.push(send);
      size += send.cost;
    }
    if (batch.length === 0) {
      this.#idleSince = this.#clock();
      return;
    }
    this.#batch = batch;
    this.#batchBytes = size;
    this.#batchSince = this.#clock();
    this.#write(batch, size);
  }

  /** The operating system has taken the whole batch. */
  #written(): void {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    for (const send of batch) send.fulfil();
    this.#events.flushed(this, batch.length);
    if (this.#state === 'draining') this.#socket.end();
    this.#flush();
  }
  // #endregion flush

  // A failed write is told by the socket's close, which comes after it. Beware: when a socket is destroyed, Node
  // calls back the writes that were under way as if they had worked.
  readonly #done = (error?: Error | null): void => {
    if (!error && !this.#socket.destroyed) this.#written();
  };

  readonly #endOfTurn = (): void => this.#flush();

  /** Gives the socket one batch. */
  #write(batch: readonly PendingSend[], size: number): void {
    const socket = this.#socket;
    const alone = batch.length === 1 ? batch[0] : undefined;
    if (alone !== undefined && size > MAX_BATCH) {
      // Too large to be worth a copy: header and datagram go out together from where they lie.
      const header = Buffer.allocUnsafe(DATAGRAM_OVERHEAD);
      putDatagramHeader(header, 0, alone.bytes.length);
      socket.cork();
      socket.write(header);
      socket.write(alone.bytes, this.#done);
      socket.uncork();
      return;
    }
    const buffer = Buffer.allocUnsafe(size);
    let at = 0;
    for (const send of batch) at = putDatagram(buffer, at, send.bytes);
    if (debug.enabled) debug('%s <- %d datagrams, %d bytes', this.#address, batch.length, size);
    socket.write(buffer, this.#done);
  }

  /** Takes back what has not been written. */
  takeUnsent(): SendQueue {
    const unsent = this.#unsent;
    this.#unsent = new SendQueue();
    return unsent;
  }

  /** Stops taking datagrams; ends the connection once what is under way is written. */
  retire(): void {
    if (this.#state === 'dialling') this.destroy();
    if (this.#state !== 'ready') return;
    this.#become('draining');
    this.#leave();
    if (this.#batch.length === 0) this.#socket.end();
  }

  /** Ends the connection now, whatever is under way. */
  destroy(error?: PeerError): void {
    this.#cause ??= error;
    this.#socket.destroy();
  }

  /** Applies every time limit; called now and then. */
  check(now: number, times: ConnectionTimes): void {
    const address = this.#address;
    this.#unsent.expire(now, (send) => timedOut(send));
    for (const send of this.#batch) if (send.deadline <= now) send.fail(timedOut(send));
    if (this.#state === 'dialling' && now - this.#since >= times.connectTimeout) {
      this.destroy(new PeerError('TIMEOUT', `${address} did not answer in time`, { address }));
    } else if (this.#batch.length > 0 && now - this.#batchSince >= times.stallTimeout) {
      this.destroy(new PeerError('TIMEOUT', `${address} has stopped reading`, { address, sent: 'maybe' }));
    } else if (this.#state === 'draining' && now - this.#since >= times.drainTimeout) {
      if (this.#batch.length === 0) this.#socket.destroy();
    }
  }

  /** Reads the answer to the handshake. After it the other side has nothing to say. */
  #listen(): void {
    const reader = new FrameReader(
      (type, bytes, start, end) => {
        const body = bytes.subarray(start, end);
        if (this.#state !== 'dialling') throw new Error('an answer after the handshake');
        const max = type === PeerFrame.Welcome ? decodeWelcome(body) : undefined;
        if (max !== undefined) {
          this.#maxDatagram = max;
          this.#idleSince = this.#clock();
          this.#become('ready');
          this.#events.ready(this);
        } else if (type === PeerFrame.Refuse) {
          const reason = JSON.stringify(decodeRefuse(body));
          this.destroy(
            new PeerError('REFUSED', `${this.#address} says ${reason}`, { address: this.#address }),
          );
        } else throw new Error(`an answer of type ${type}`);
      },
      { limit: HANDSHAKE_LIMIT },
    );
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (cause) {
        this.destroy(this.#stranger(cause));
      }
    });
  }

  /** The other side will not read much longer: what is unsent goes another way. */
  #ended(): void {
    if (this.#state === 'dialling') this.destroy();
    else if (this.#state === 'draining') this.#socket.end();
    else this.retire();
  }

  // #region closed
  #closed(): void {
    // task 7.3: every failure reaches the sender
    const before = this.#state;
    this.#become('closed');
    const address = this.#address;
    if (before === 'dialling') {
      this.#events.failed(this, explainDial(this.#cause, address));
      return;
    }
    const cause = this.#cause;
    // A connection that we cut ourselves has a reason with a code; one that broke has the system's error.
    const code = cause instanceof PeerError && cause.code !== 'NOT_A_PEER' ? cause.code : 'DISCONNECTED';
    const message = `the connection to ${address} broke before the datagram was written`;
    for (const send of this.#batch)
      send.fail(new PeerError(code, message, { address, cause, sent: 'maybe' }));
    this.#batch = [];
    this.#batchBytes = 0;
    this.#leave();
    this.#events.closed(this, before === 'ready');
  }
  // #endregion closed

  /** Hands back what has not been written: another connection may still send it. */
  #leave(): void {
    this.#events.leaving(this, this.takeUnsent());
  }

  #become(state: ConnectionState): void {
    debug('%s is %s', this.#address, state);
    this.#state = state;
    this.#since = this.#clock();
  }

  #tooLarge(length: number): PeerError {
    const address = this.#address;
    const message = `${address} takes datagrams of at most ${this.#maxDatagram} bytes, not ${length}`;
    return new PeerError('TOO_LARGE', message, { address });
  }

  #stranger(cause: unknown): PeerError {
    const address = this.#address;
    return new PeerError('NOT_A_PEER', `${address} does not answer as a peer`, { address, cause });
  }
}

/** The error of a send that has taken too long. */
export function timedOut(send: PendingSend): PeerError {
  const { address, stage } = send;
  const sent = stage === 'written' ? 'maybe' : 'no';
  return new PeerError('TIMEOUT', `the datagram for ${address} could not be sent in time`, { address, sent });
}
