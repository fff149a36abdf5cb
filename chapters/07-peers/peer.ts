import { formatAddress, parseAddress } from './address.ts';
import { AddressPool } from './address-pool.ts';
import { PeerError } from './errors.ts';
import { type Datagram, Inbox } from './inbox.ts';
import { Listener } from './listener.ts';
import { type PeerOptions, type PeerSettings, readOptions } from './options.ts';
import { PendingSend } from './pending-send.ts';

/** How one send is to be made. */
export interface SendOptions {
  /** Gives the send up when it is aborted; `AbortSignal.timeout` gives one send a time of its own. */
  readonly signal?: AbortSignal;
}

/** How a peer stands. */
export type PeerStatus = ReturnType<Peer['status']>;

/**
 * Starts a peer: it listens, and it can send.
 *
 * Source: the seed proletariat.
 *
 * @throws OptionError for a bad option
 * @throws {@link PeerError} `BAD_ADDRESS` when others could not reach it under its address
 * @throws `LeveretError` `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function createPeer(options: PeerOptions = {}): Promise<Peer> {
  const peer = new Peer(readOptions(options));
  await peer.open();
  return peer;
}

/** A peer: sends datagrams to addresses, and receives those sent to its own. Made by {@link createPeer}. */
export class Peer implements AsyncDisposable {
  readonly #settings: PeerSettings;
  readonly #inbox: Inbox;
  readonly #listener: Listener;
  readonly #pools = new Map<string, AddressPool>();
  #sweep: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(settings: PeerSettings) {
    this.#settings = settings;
    this.#inbox = new Inbox(settings.maxReceivedBytes);
    this.#listener = new Listener(this.#inbox, settings);
  }

  /** @internal */
  async open(): Promise<void> {
    await this.#listener.open();
    this.#sweep = setInterval(() => this.#check(), this.#settings.sweepMs);
  }

  /** Where this peer is reached: `host:port`, with the port that it was given. */
  get address(): string {
    return this.#listener.address;
  }

  /**
   * Sends a datagram.
   *
   * The promise is fulfilled when the operating system has taken all of its bytes. That is what TCP can tell: it
   * does not mean that the other peer has read them. Every failure up to there rejects it, and `error.sent` says
   * whether the other side may have the datagram all the same. Datagrams on one connection arrive in the order of
   * their sends; with `maxPoolSize: 1` that is all those to one address.
   *
   * The bytes are not copied at once: leave them alone until the promise is settled.
   *
   * @param to - `host:port` or `[ipv6]:port`; may be this peer's own
   * @param bytes - at most the `maxDatagramBytes` of the other peer; may be empty
   * @throws {@link PeerError} (rejection) with any of {@link PeerErrorCode}
   * @throws TypeError (rejection) for what is not bytes
   */
  send(to: string, bytes: Uint8Array, { signal }: SendOptions = {}): Promise<void> {
    const send = new PendingSend(to, bytes, this.#settings.clock(), signal);
    try {
      if (this.#closed !== undefined) throw this.#isClosed();
      if (!(bytes instanceof Uint8Array)) throw new TypeError('a datagram is a Buffer or Uint8Array');
      if (send.stage === 'waiting') (this.#pools.get(to) ?? this.#open(to)).send(send);
    } catch (error) {
      send.fail(error);
    }
    return send.promise;
  }

  /** The pool of an address that is written for the first time, or in another spelling. */
  #open(to: string): AddressPool {
    const address = formatAddress(parseAddress(to));
    const known = this.#pools.get(address);
    if (known !== undefined) return known;
    if (this.#pools.size >= this.#settings.maxAddresses) {
      throw new PeerError('QUEUE_FULL', address, `${this.#pools.size} other addresses are in use`);
    }
    const pool = new AddressPool(address, this.address, this.#settings);
    this.#pools.set(address, pool);
    return pool;
  }

  /**
   * The datagrams that arrive, until the peer is closed. Those that nobody asks for wait; when too many wait, reading
   * stops, and TCP slows the senders down. Two loops share the datagrams.
   */
  receive(): AsyncGenerator<Datagram, undefined> {
    return this.#inbox.receive();
  }

  /** How things stand. */
  status() {
    return {
      /** Connections that others have opened to this peer. */
      incoming: this.#listener.connections.size,
      /** Datagrams that have arrived and were not asked for yet. */
      waiting: this.#inbox.length,
      /** True while nothing is read because too much waits. */
      paused: this.#inbox.full,
      /** The addresses that are being sent to, or were a moment ago. */
      addresses: [...this.#pools.values()].map((pool) => pool.status()),
    };
  }

  /** The sweep: one pass over every time limit, instead of a timer for each send and each connection. */
  #check(): void {
    const now = this.#settings.clock();
    this.#listener.check(now);
    for (const [address, pool] of this.#pools) {
      pool.check(now);
      if (pool.forgettable) this.#pools.delete(address);
    }
  }

  /**
   * Closes the peer. Sends made from now on fail with `CLOSED`; those under way have `drainTimeoutMs` to
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
    const pools = [...this.#pools.values()];
    const deadline = setTimeout(() => {
      for (const pool of pools) pool.destroy(this.#isClosed());
      this.#listener.destroy();
    }, this.#settings.drainTimeoutMs);
    await Promise.all([this.#listener.close(), ...pools.map((pool) => pool.close())]);
    clearTimeout(deadline);
    clearInterval(this.#sweep);
    this.#inbox.end();
  }

  #isClosed(): PeerError {
    return new PeerError('CLOSED', this.address, 'this peer is closed');
  }
}
