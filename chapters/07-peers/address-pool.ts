import { backoffDelay } from './backoff.ts';
import { Connection, type ConnectionHost, type ConnectionState } from './connection.ts';
import { PeerError } from './errors.ts';
import type { PeerSettings } from './options.ts';
import type { PendingSend } from './pending-send.ts';
import { SendQueue } from './send-queue.ts';

/**
 * What waits for one address, and the connections that carry it there. Nobody chooses a connection for a datagram: one that
 * has written its last batch takes the next, so the work goes to whoever is free.
 */
export class AddressPool implements ConnectionHost {
  readonly address: string;
  readonly from: string;
  readonly settings: PeerSettings;
  readonly #waiting = new SendQueue();
  // Every connection whose socket is not closed, the oldest first.
  readonly #connections = new Set<Connection>();
  #failures = 0;
  // No dial before this moment.
  #dialAt = Number.NEGATIVE_INFINITY;
  #booked = false;
  #emptied: (() => void) | undefined;

  constructor(address: string, from: string, settings: PeerSettings) {
    this.address = address;
    this.from = from;
    this.settings = settings;
  }

  /** Takes a datagram. It leaves with all others of this turn, or when a connection is free. */
  send(send: PendingSend): void {
    if (this.#waiting.cost + send.cost > this.settings.maxQueuedBytes) {
      throw new PeerError('QUEUE_FULL', this.address, `${this.#waiting.length} datagrams wait already`);
    }
    this.#waiting.push(send);
    if (this.#booked) return;
    this.#booked = true;
    process.nextTick(this.#pump);
  }

  /** Gives what waits to those who are idle, and opens one more connection if that is not enough. */
  // #region pump
  readonly #pump = (): void => {
    // step 7.4: the free ones take, and one more comes when none is free
    this.#booked = false;
    for (const connection of this.#connections) {
      if (this.#waiting.length === 0) break;
      if (connection.state === 'idle') connection.write(this.#waiting.takeBatch(connection.maxBytes));
    }
    if (this.#waiting.length > 0) this.#grow();
    else if (this.#emptied !== undefined) {
      for (const connection of this.#connections) connection.end();
      if (this.#connections.size === 0) this.#emptied();
    }
  };

  #grow(): void {
    const { maxPoolSize, clock } = this.settings;
    const states = this.#states;
    if (states.length >= maxPoolSize || states.includes('dialling') || clock() < this.#dialAt) return;
    this.#connections.add(new Connection(this));
  }
  // #endregion pump

  free(written: number): void {
    if (written > 0) this.#failures = 0;
    this.#pump();
  }

  closed(connection: Connection, before: ConnectionState, error: PeerError | undefined): void {
    this.#connections.delete(connection);
    if (error !== undefined) {
      this.#failures += 1;
      this.#dialAt = this.settings.clock() + backoffDelay(this.#failures, this.settings.backoff);
      // Everyone who waited for a dial hears why it failed; who sends from now on waits for the next.
      const others = this.#states.some((state) => state !== 'closing');
      if (before === 'dialling' && !others) this.#waiting.fail(error);
    }
    this.#pump();
  }

  /** The sweep: looks at every time limit of this address. */
  check(now: number): void {
    this.#waiting.check(now, this.settings.sendTimeoutMs);
    for (const connection of this.#connections) connection.check(now);
    this.#pump();
  }

  /** True when there is nothing left to remember about this address. */
  get forgettable(): boolean {
    return this.#connections.size + this.#waiting.length === 0 && this.settings.clock() >= this.#dialAt;
  }

  /** How this address stands. */
  status() {
    return {
      address: this.address,
      /** Connections that are not closed yet, the oldest first. */
      connections: this.#states,
      /** Datagrams that wait for a connection. */
      waiting: this.#waiting.length,
      /** Dials that failed, and connections that broke, since the last datagram that left. */
      failures: this.#failures,
    };
  }

  /** Resolves when all that waits is sent or has failed, and every connection is closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#emptied = resolve;
      this.#pump();
    });
  }

  /** Gives up: what waits fails, what is open is cut. */
  destroy(error: PeerError): void {
    this.#waiting.fail(error);
    for (const connection of this.#connections) connection.destroy(error);
    this.#pump();
  }

  get #states(): ConnectionState[] {
    return [...this.#connections].map(({ state }) => state);
  }
}
