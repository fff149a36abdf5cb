import createDebug from 'debug';
import { formatAddress, type PeerAddress } from './address.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import type { PeerError } from './errors.ts';
import { type PendingSend, type SendAccount, SendQueue } from './pending-send.ts';
import { type ConnectionEvents, type ConnectionTimes, PoolConnection, timedOut } from './pool-connection.ts';

const debug = createDebug('leveret:peers');

/** What an {@link AddressPool} needs from the whole pool. */
export interface PoolContext extends ConnectionTimes {
  /** The own address, sent in each handshake. */
  readonly from: string;
  readonly clock: () => number;
  readonly poolSize: number;
  readonly busyBytes: number;
  readonly idleTimeout: number;
  readonly backoff: BackoffOptions;
  /** Asks for one more connection; false means not now, {@link AddressPool.grow} will be called again. */
  acquire(pool: AddressPool): boolean;
  /** Gives a connection back. */
  release(): void;
  /** True once no more sends are taken: a connection that has written its last is ended. */
  closing(): boolean;
  /** Counts datagrams that were sent. */
  flushed(datagrams: number): void;
}

/**
 * Chooses the connection for the next datagram: the first that has less than `busyBytes` to write, or
 * else the one that has least.
 *
 * Light connections are not told apart on purpose: while the first keeps up, small datagrams stay together
 * in its writes, and the others fall idle and are closed.
 */
// #region least-loaded
export function leastLoaded<C extends { readonly load: number }>(
  connections: Iterable<C>,
  busyBytes: number,
): C | undefined {
  // task 7.4: choose the least-loaded connection
  let best: C | undefined;
  for (const connection of connections) {
    if (connection.load < busyBytes) return connection;
    if (best === undefined || connection.load < best.load) best = connection;
  }
  return best;
}
// #endregion least-loaded

/** All that concerns one address: its connections, what waits for them, and when to dial again. */
export class AddressPool implements ConnectionEvents {
  readonly address: string;
  readonly account: SendAccount = { datagrams: 0, bytes: 0 };
  readonly #to: PeerAddress;
  readonly #context: PoolContext;
  readonly #backoff: Backoff;
  readonly #waiting = new SendQueue();
  // Invariant: #all holds every connection whose socket is not closed; #ready those of them that take datagrams.
  readonly #all = new Set<PoolConnection>();
  #ready: readonly PoolConnection[] = [];
  #over: PeerError | undefined;

  constructor(to: PeerAddress, context: PoolContext) {
    this.address = formatAddress(to);
    this.#to = to;
    this.#context = context;
    this.#backoff = new Backoff(context.backoff);
  }

  /** True when there is nothing left to remember about this address. */
  get forgettable(): boolean {
    return (
      this.#all.size === 0 && this.account.datagrams === 0 && this.#context.clock() >= this.#backoff.until
    );
  }

  /** How the connections stand; see `PeerStatus`. */
  status() {
    const dialling = [...this.#all].filter(({ state }) => state === 'dialling').length;
    return {
      address: this.address,
      ready: this.#ready.length,
      dialling,
      closing: this.#all.size - this.#ready.length - dialling,
      datagrams: this.account.datagrams,
      bytes: this.account.bytes,
      failures: this.#backoff.failures,
    };
  }

  /** Puts a datagram on its way, on a connection or in the queue for one. */
  send(send: PendingSend): void {
    if (this.#over !== undefined) {
      send.fail(this.#over);
      return;
    }
    const { busyBytes } = this.#context;
    const connection = leastLoaded(this.#ready, busyBytes);
    if (connection === undefined) this.#waiting.push(send);
    else connection.send(send);
    // A connection that is busy from now on would hold up the next datagram: open another meanwhile.
    if (connection === undefined || connection.load >= busyBytes) this.grow();
  }

  /** Opens one more connection if that is wanted and allowed. */
  grow(): void {
    const { poolSize, clock, from } = this.#context;
    if (this.#over !== undefined || this.#all.size >= poolSize || clock() < this.#backoff.until) return;
    for (const { state } of this.#all) if (state === 'dialling') return;
    if (!this.#context.acquire(this)) return;
    this.#all.add(new PoolConnection(this.#to, from, this, clock));
  }

  /** True when no connection takes datagrams and some are waiting. */
  get starving(): boolean {
    return this.#ready.length === 0 && this.#waiting.first !== undefined;
  }

  /** A new connection takes what waits, also what waits behind the write of a busy one. */
  ready(connection: PoolConnection): void {
    const queues = [this.#waiting];
    for (const other of this.#ready) {
      if (other.load >= this.#context.busyBytes) queues.push(other.takeUnsent());
    }
    this.#ready = [...this.#ready, connection];
    for (const queue of queues) this.#sendAll(queue);
  }

  #sendAll(queue: SendQueue): void {
    for (let send = queue.shift(); send !== undefined; send = queue.shift()) this.send(send);
  }

  /**
   * A dial failed. Everyone who waited for it hears why; who sends from now on waits for the next, which
   * is not made before the backoff says so.
   */
  failed(connection: PoolConnection, error: PeerError): void {
    const delay = this.#backoff.failed(this.#context.clock());
    if (debug.enabled) debug('%s: %s, next dial in %d ms', this.address, error.code, Math.round(delay));
    if (this.#ready.length === 0) this.#waiting.fail(error);
    this.#remove(connection);
  }

  leaving(connection: PoolConnection, unsent: SendQueue): void {
    this.#ready = this.#ready.filter((other) => other !== connection);
    this.#sendAll(unsent);
  }

  closed(connection: PoolConnection, broken: boolean): void {
    this.#remove(connection);
    if (broken) this.#backoff.failed(this.#context.clock());
    if (this.starving) this.grow();
  }

  flushed(connection: PoolConnection, datagrams: number): void {
    if (this.#backoff.failures > 0) this.#backoff.succeeded();
    this.#context.flushed(datagrams);
    if (this.#context.closing() && connection.load === 0) connection.retire();
  }

  /** Applies the time limits to everything here, and dials again when the backoff is over. */
  check(now: number): void {
    this.#waiting.expire(now, timedOut);
    for (const connection of this.#all) connection.check(now, this.#context);
    this.reap(now);
    if (this.starving) this.grow();
  }

  /** Closes the connections that have had nothing to do for too long. */
  // #region reap
  reap(now: number): void {
    // task 7.6: close idle connections
    for (const connection of this.#ready) {
      if (now - connection.idleSince >= this.#context.idleTimeout) connection.retire();
    }
  }
  // #endregion reap

  /** The connection that has been idle longest, if any is. */
  get idlest(): PoolConnection | undefined {
    let idlest: PoolConnection | undefined;
    for (const connection of this.#ready) {
      if (connection.idleSince < (idlest?.idleSince ?? Number.POSITIVE_INFINITY)) idlest = connection;
    }
    return idlest;
  }

  /** Ends the connections that have nothing to write, and those still being opened that nobody waits for. */
  retire(): void {
    for (const connection of this.#all) {
      const needed =
        connection.state === 'dialling' ? this.#waiting.first !== undefined : connection.load > 0;
      if (!needed) connection.retire();
    }
  }

  /** Gives up: what waits fails, what is open is cut. */
  destroy(error: PeerError): void {
    this.#over = error;
    this.#waiting.fail(error);
    for (const connection of this.#all) connection.destroy(error);
  }

  #remove(connection: PoolConnection): void {
    if (this.#all.delete(connection)) this.#context.release();
  }
}
