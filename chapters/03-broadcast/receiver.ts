import type { Ring } from './ring.ts';

// #region lagged
/** Told to a receiver that was overrun. */
export class Lagged {
  /**
   * How many values it missed since its last read. They are gone; the next read gives
   * the oldest one kept.
   */
  readonly missed: number;

  constructor(missed: number) {
    this.missed = missed;
  }
}
// #endregion lagged

/**
 * One receiver of a `BroadcastChannel`, with a position of its own in the shared ring.
 * Made by `BroadcastChannel.subscribe`. It sees what is published from then on, in
 * order.
 *
 * A receiver holds no values. It costs the same whether it is one value behind or a
 * million.
 */
export class Receiver<T> implements AsyncIterable<T | Lagged> {
  // step 3.3: a position in the ring

  // #region position
  readonly #ring: Ring<T>;
  readonly #leave: (receiver: Receiver<T>) => void;
  readonly #onReadable: (() => void) | undefined;
  // Invariant: everything below #position was read, or was told as missed; nothing from
  // #end on will be read.
  #position: number;
  #end = Number.POSITIVE_INFINITY;
  #waiting: (() => void)[] = [];

  /** @internal */
  constructor(
    ring: Ring<T>,
    leave: (receiver: Receiver<T>) => void,
    onReadable?: () => void,
  ) {
    this.#ring = ring;
    this.#leave = leave;
    this.#onReadable = onReadable;
    this.#position = ring.next;
    ring.readers += 1;
  }

  /**
   * How many published values this receiver has neither read nor been told to have
   * missed.
   */
  get lag(): number {
    return Math.min(this.#ring.next, this.#end) - this.#position;
  }

  /**
   * The next value, or how many were missed, or `undefined` when there is nothing now.
   * Never waits.
   */
  tryReceive(): T | Lagged | undefined {
    const oldest = Math.min(this.#ring.oldest, this.#end);
    if (this.#position < oldest) {
      const missed = oldest - this.#position;
      this.#position = oldest;
      return new Lagged(missed);
    }
    if (this.lag === 0) return undefined;
    const value = this.#ring.take(this.#position);
    this.#position += 1;
    return value;
  }

  /**
   * Reads all that there is now, and gives each value away. Never waits.
   *
   * @returns how many were missed
   */
  drain(use: (value: T) => void): number {
    let missed = 0;
    for (let next = this.tryReceive(); next !== undefined; next = this.tryReceive()) {
      if (next instanceof Lagged) missed += next.missed;
      else use(next);
    }
    return missed;
  }
  // #endregion position

  // #region waiting
  /**
   * True when there will never be anything to read again. Tells "nothing now" from
   * "nothing more".
   */
  get ended(): boolean {
    // step 3.4: wait, and leave
    return this.lag === 0 && this.#end < Number.POSITIVE_INFINITY;
  }

  /**
   * Like {@link tryReceive}, but waits until there is something. `undefined` means the
   * end.
   */
  async receive(): Promise<T | Lagged | undefined> {
    // step 3.4: wait, and leave
    for (;;) {
      const received = this.tryReceive();
      if (received !== undefined || this.ended) return received;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /**
   * Reads until the end. Leaving the loop (`break`, `return`, an error) closes the
   * receiver.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<T | Lagged, void, undefined> {
    // step 3.4: wait, and leave
    try {
      for (
        let received = await this.receive();
        received !== undefined;
        received = await this.receive()
      ) {
        yield received;
      }
    } finally {
      this.close();
    }
  }

  /**
   * @internal Called by the channel at the end of a turn in which values were
   *   published.
   */
  wake(): void {
    // step 3.4: wait, and leave
    if (this.lag === 0) return;
    this.#resume();
    this.#onReadable?.();
  }

  /**
   * Reads what is published already, and nothing newer. Who waits on an empty channel
   * gets the end.
   */
  finish(): void {
    // step 3.4: wait, and leave
    if (this.#end < Number.POSITIVE_INFINITY) return;
    this.#end = this.#ring.next;
    this.#ring.readers -= 1;
    this.#leave(this);
    this.#resume();
  }

  /**
   * Leaves at once: what is unread is given up, who waits gets the end. Closing twice
   * does no harm.
   */
  close(): void {
    // step 3.4: wait, and leave
    this.finish();
    this.#ring.release(this.#position, this.#end);
    this.#position = this.#end;
    this.#resume();
  }

  #resume(): void {
    // step 3.4: wait, and leave
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
  // #endregion waiting
}
