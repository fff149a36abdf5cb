/** What a connection's silence calls for. */
export type Overdue = 'ping' | 'hello' | 'frame' | 'silence';

/**
 * The times of one connection. It has no timer: the broker asks all connections in turn, some times a second.
 *
 * While the broker itself does not read from the socket, nothing here can fall due: the client may have sent
 * everything long ago.
 */
export class Deadlines {
  readonly #limits: DeadlineLimits;
  readonly #openedAt: number;
  #heardAt: number;
  /** When the first byte of the frame in progress came; `undefined` between frames. */
  #frameSince: number | undefined;
  #pings = 0;
  #reading = true;

  constructor(limits: DeadlineLimits, now: number) {
    this.#limits = limits;
    this.#openedAt = now;
    this.#heardAt = now;
  }

  // #region heard
  /**
   * Bytes came.
   *
   * @param midFrame - true if they end inside a frame
   * @param completed - true if they completed at least one frame: one in progress is another than before
   */
  heard(now: number, midFrame: boolean, completed: boolean): void {
    this.#heardAt = now;
    this.#pings = 0;
    if (!midFrame) this.#frameSince = undefined;
    else if (completed || this.#frameSince === undefined) this.#frameSince = now;
  }
  // #endregion heard

  /** The broker stops reading from this connection. */
  pause(): void {
    this.#reading = false;
  }

  /** The broker reads again; all times begin anew. */
  resume(now: number): void {
    this.#reading = true;
    this.#heardAt = now;
    this.#pings = 0;
    if (this.#frameSince !== undefined) this.#frameSince = now;
  }

  /** What is overdue, if anything. After `'ping'` the caller sends a PING. */
  check(now: number, helloDone: boolean): Overdue | undefined {
    const { helloTimeoutMs, frameTimeoutMs, idleMs } = this.#limits;
    if (!this.#reading) return undefined;
    if (!helloDone) return now - this.#openedAt >= helloTimeoutMs ? 'hello' : undefined;
    if (this.#frameSince !== undefined && now - this.#frameSince >= frameTimeoutMs) return 'frame';
    if (now - this.#heardAt < idleMs * (this.#pings + 1)) return undefined;
    if (this.#pings === 2) return 'silence';
    this.#pings += 1;
    return 'ping';
  }
}

interface DeadlineLimits {
  readonly helloTimeoutMs: number;
  readonly frameTimeoutMs: number;
  readonly idleMs: number;
}
