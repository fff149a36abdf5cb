import { formatAddress, parseAddress } from './address.ts';
import { PeerError } from './errors.ts';
import { Inbox } from './inbox.ts';
import { Listener } from './listener.ts';
import { type PeerOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { OutgoingPool, type SendOptions } from './pool.ts';

/** A datagram that has arrived. */
export interface Datagram {
  /** The bytes; they are yours. */
  readonly data: Buffer;
  /**
   * The address that the sender listens on: answer to it. It is what the sender says of itself; nobody
   * has proved it.
   */
  readonly from: string;
  /** The address of this peer. */
  readonly to: string;
}

/** How one address stands, seen from this peer. */
export interface AddressStatus {
  readonly address: string;
  /** Connections that take datagrams. */
  readonly ready: number;
  /** Connections being opened. */
  readonly dialling: number;
  /** Connections being closed. */
  readonly closing: number;
  /** Datagrams that the operating system has not taken yet. */
  readonly datagrams: number;
  /** Their bytes, headers counted. */
  readonly bytes: number;
  /** Dials that failed since the last datagram that left. */
  readonly failures: number;
}

/** How a peer stands. */
export interface PeerStatus {
  readonly address: string;
  /** Connections that others have opened to this peer. */
  readonly incoming: number;
  /** Connections that this peer has opened, is opening or is closing. */
  readonly outgoing: number;
  /** Datagrams given to the operating system since the start. */
  readonly sent: number;
  /** Datagrams that have arrived since the start. */
  readonly received: number;
  /** Datagrams that have arrived and were not asked for yet. */
  readonly waiting: number;
  /** Their bytes. */
  readonly waitingBytes: number;
  /** True while nothing is read because too much waits. */
  readonly paused: boolean;
  /** The addresses that are being sent to, or were a moment ago. */
  readonly addresses: readonly AddressStatus[];
}

/**
 * Starts a peer: it listens, and it can send.
 *
 * Source: the seed proletariat.
 *
 * @throws RangeError for a bad option
 * @throws {@link PeerError} `BAD_ADDRESS` when others could not reach it under its address
 * @throws `LeveretError` `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function createPeer(options: PeerOptions = {}): Promise<Peer> {
  const resolved = resolveOptions(options);
  const { host, advertise = host } = resolved;
  // Tried with any port before listening, so that a mistake leaves nothing open.
  parseAddress(formatAddress({ host: advertise, port: 1 }));
  if (['0.0.0.0', '::'].includes(advertise)) {
    const message = `nobody can send to ${advertise}: say with advertise which address others use`;
    throw new PeerError('BAD_ADDRESS', message, { address: advertise });
  }
  const peer = new Peer(resolved);
  await peer.open();
  return peer;
}

/** A peer: sends datagrams to addresses, and receives those sent to its own. Made by {@link createPeer}. */
export class Peer implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #inbox: Inbox<Datagram>;
  readonly #listener: Listener;
  #pool: OutgoingPool | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #address = '';
  #received = 0;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#inbox = new Inbox({
      maxItems: options.maxReceivedDatagrams,
      maxBytes: options.maxReceivedBytes,
      onFull: () => this.#listener.pause(),
      onRoom: () => this.#listener.resume(),
    });
    this.#listener = new Listener({
      ...options,
      full: () => this.#inbox.full,
      onDatagram: (from, data) => {
        this.#received++;
        this.#inbox.push({ data, from, to: this.#address });
      },
    });
  }

  /** @internal */
  async open(): Promise<void> {
    const { host, port, advertise = host, sweepInterval, clock } = this.#options;
    const bound = await this.#listener.listen(host, port);
    this.#address = formatAddress(parseAddress(formatAddress({ host: advertise, port: bound })));
    const pool = new OutgoingPool(this.#address, this.#options);
    this.#pool = pool;
    this.#sweep = setInterval(() => {
      const now = clock();
      pool.check(now);
      this.#listener.check(now);
    }, sweepInterval);
  }

  /** Where this peer is reached: `host:port`, with the port that it was given. */
  get address(): string {
    return this.#address;
  }

  /**
   * Sends a datagram.
   *
   * The promise is fulfilled when the operating system has taken all of its bytes. That is what TCP can tell: it
   * does not mean that the other peer has read them. Every failure up to there rejects it, and `error.sent` says
   * whether the other side may have the datagram all the same. Datagrams on one connection arrive in the order of
   * their sends; with `poolSize: 1` that is all those to one address.
   *
   * The bytes are not copied at once: leave them alone until the promise is settled.
   *
   * @param to - `host:port` or `[ipv6]:port`; may be this peer's own
   * @param bytes - at most `maxDatagram` of them; may be empty
   * @throws {@link PeerError} (rejection) with any of {@link PeerErrorCode}
   * @throws RangeError (rejection) for a bad timeout, TypeError for what is not bytes
   */
  send(to: string, bytes: Uint8Array, options?: SendOptions): Promise<void> {
    if (this.#pool === undefined) return Promise.reject(this.#isClosed());
    return this.#pool.send(to, bytes, options);
  }

  /**
   * The datagrams that arrive, for ever, or until the peer is closed. Those that nobody asks for wait;
   * when too many wait, reading stops, and TCP slows the senders down. Two loops share the datagrams.
   *
   * @throws {@link PeerError} `CANCELLED` when the signal is aborted
   */
  receive(options: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<Datagram, undefined> {
    return this.#inbox.iterate(options.signal, ({ reason }) => {
      const message = 'waiting for datagrams was cancelled';
      return new PeerError('CANCELLED', message, { address: this.#address, cause: reason });
    });
  }

  /** How things stand. */
  status(): PeerStatus {
    return {
      address: this.#address,
      incoming: this.#listener.connections,
      outgoing: this.#pool?.connections ?? 0,
      sent: this.#pool?.sent ?? 0,
      received: this.#received,
      waiting: this.#inbox.length,
      waitingBytes: this.#inbox.bytes,
      paused: this.#inbox.full,
      addresses: this.#pool?.status() ?? [],
    };
  }

  /**
   * Closes the peer. Sends made from now on fail with `CLOSED`; those under way have `drainTimeout` to
   * finish. Connections from others are ended so that what they have sent already still arrives.
   * Loops over `receive()` get what waits, and end. Calling it again changes nothing.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Closes the peer: see {@link Peer.close}. For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise((resolve) => {
      timer = setTimeout(resolve, this.#options.drainTimeout);
    });
    try {
      await Promise.all([this.#pool?.close(this.#isClosed(), deadline), this.#listener.close(deadline)]);
    } finally {
      clearTimeout(timer);
      clearInterval(this.#sweep);
      this.#inbox.end();
    }
  }

  #isClosed(): PeerError {
    return new PeerError('CLOSED', `the peer ${this.#address} is closed`, { address: this.#address });
  }
}
