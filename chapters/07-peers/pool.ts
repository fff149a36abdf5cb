import { formatAddress, parseAddress } from './address.ts';
import { AddressPool, type PoolContext } from './address-pool.ts';
import { Cancellations, cancelled } from './cancellations.ts';
import { PeerError } from './errors.ts';
import type { ResolvedOptions } from './options.ts';
import { PendingSend } from './pending-send.ts';
import type { PoolConnection } from './pool-connection.ts';

/** How one send is to be made. */
export interface SendOptions {
  /** Gives the send up when it is aborted. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds until the send fails with `TIMEOUT`. Deadlines are looked at once every
   * `sweepInterval`. Infinity waits for ever.
   * @defaultValue the peer's `sendTimeout`
   */
  readonly timeout?: number;
}

/** The outgoing connections of a peer, to all addresses. */
export class OutgoingPool {
  readonly #options: ResolvedOptions;
  readonly #pools = new Map<string, AddressPool>();
  readonly #cancellations = new Cancellations();
  readonly #starving = new Set<AddressPool>();
  readonly #context: PoolContext;
  #connections = 0;
  #sent = 0;
  #closing: PeerError | undefined;
  #emptied: (() => void) | undefined;

  constructor(from: string, options: ResolvedOptions) {
    this.#options = options;
    this.#context = {
      ...options,
      from,
      acquire: (pool) => this.#acquire(pool),
      release: () => this.#release(),
      closing: () => this.#closing !== undefined,
      flushed: (datagrams) => {
        this.#sent += datagrams;
      },
    };
  }

  /** Connections that are open, being opened or being closed. */
  get connections(): number {
    return this.#connections;
  }

  /** Datagrams that the operating system has taken. */
  get sent(): number {
    return this.#sent;
  }

  status() {
    return [...this.#pools.values()].map((pool) => pool.status());
  }

  send(to: string, bytes: Uint8Array, options: SendOptions | undefined): Promise<void> {
    try {
      return this.#submit(to, bytes, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #submit(to: string, bytes: Uint8Array, options: SendOptions | undefined): Promise<void> {
    const { sendTimeout, maxDatagram, clock } = this.#options;
    const timeout = options?.timeout ?? sendTimeout;
    const signal = options?.signal;
    if (!(timeout > 0)) throw new RangeError(`timeout is a number of milliseconds above 0, not ${timeout}`);
    if (!(bytes instanceof Uint8Array)) throw new TypeError('a datagram is a Buffer or Uint8Array');
    if (this.#closing !== undefined) throw this.#closing;
    const pool = this.#pools.get(to) ?? this.#open(to);
    if (signal?.aborted === true) throw cancelled(pool.address, signal, 'no');
    if (bytes.length > maxDatagram) {
      const message = `a datagram has at most ${maxDatagram} bytes, not ${bytes.length}`;
      throw new PeerError('TOO_LARGE', message, { address: pool.address });
    }
    this.#checkRoom(pool, bytes.length);
    const send = new PendingSend(pool.address, bytes, clock() + timeout, pool.account);
    if (signal !== undefined) this.#cancellations.watch(signal, send);
    pool.send(send);
    return send.promise;
  }

  #checkRoom({ account, address }: AddressPool, length: number): void {
    const { maxQueuedDatagrams, maxQueuedBytes } = this.#options;
    if (account.datagrams < maxQueuedDatagrams && account.bytes + length <= maxQueuedBytes) return;
    const message = `${account.datagrams} datagrams (${account.bytes} bytes) wait for ${address} already`;
    throw new PeerError('QUEUE_FULL', message, { address });
  }

  /** The pool of an address that is written for the first time, or in another spelling. */
  #open(to: string): AddressPool {
    const parsed = parseAddress(to);
    const address = formatAddress(parsed);
    const known = this.#pools.get(address);
    if (known !== undefined) return known;
    if (this.#pools.size >= this.#options.maxAddresses) {
      const message = `datagrams for ${this.#pools.size} addresses are on their way already`;
      throw new PeerError('QUEUE_FULL', message, { address });
    }
    const pool = new AddressPool(parsed, this.#context);
    this.#pools.set(address, pool);
    return pool;
  }

  /** May `pool` open a connection? If all are taken, the one that has been idle longest makes room. */
  #acquire(pool: AddressPool): boolean {
    if (this.#connections < this.#options.maxConnections) {
      this.#starving.delete(pool);
      this.#connections++;
      return true;
    }
    if (pool.starving && !this.#starving.has(pool)) {
      this.#starving.add(pool);
      this.#idlest()?.retire();
    }
    return false;
  }

  #release(): void {
    this.#connections--;
    for (const pool of this.#starving) {
      this.#starving.delete(pool);
      if (!pool.starving) continue;
      pool.grow();
      return;
    }
    if (this.#connections === 0 && !this.#waiting) this.#emptied?.();
  }

  /** True while something is not sent yet. */
  get #waiting(): boolean {
    for (const { account } of this.#pools.values()) if (account.datagrams > 0) return true;
    return false;
  }

  #idlest(): PoolConnection | undefined {
    let best: PoolConnection | undefined;
    for (const { idlest } of this.#pools.values()) {
      if (idlest !== undefined && idlest.idleSince < (best?.idleSince ?? Number.POSITIVE_INFINITY))
        best = idlest;
    }
    return best;
  }

  /** The sweep: one pass over every address, instead of a timer for each send and each connection. */
  check(now: number): void {
    for (const [address, pool] of this.#pools) {
      pool.check(now);
      if (this.#closing !== undefined) pool.retire();
      if (pool.forgettable) this.#pools.delete(address);
    }
    for (const pool of this.#starving) {
      if (pool.starving) this.#idlest()?.retire();
      else this.#starving.delete(pool);
    }
  }

  /** Takes no more sends; resolves when what was on its way is written, or failed at `deadline`. */
  async close(error: PeerError, deadline: Promise<unknown>): Promise<void> {
    this.#closing = error;
    const empty = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    this.check(this.#options.clock());
    if (this.#connections > 0 || this.#waiting) {
      await Promise.race([empty, deadline]);
      for (const pool of this.#pools.values()) pool.destroy(error);
      if (this.#connections > 0) await empty;
    }
    this.#pools.clear();
  }
}
