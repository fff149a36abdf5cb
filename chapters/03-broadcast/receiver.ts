import type { Ring, Value } from './ring.ts';
import type { Sleeper, WakeList } from './wake-list.ts';

/** Told to a receiver that was overrun. */
export interface Lagged {
  /** How many values it missed since its last read. They are gone; the next read gives the oldest one kept. */
  readonly lagged: number;
}

/** What one read gives: the next value, or how many were missed before it. */
export type Received<T> = Value<T> | Lagged;

/** Options of {@link BroadcastChannel.subscribe}. */
export interface SubscribeOptions {
  /**
   * Called when there is something to read again: once after subscribing, and once after each time that
   * {@link Receiver.tryReceive} gave `undefined`. It comes at the end of the turn in which the value was
   * published, at most once a turn, and also when the channel was closed. It must read until `undefined`, or
   * go on by itself later: it is not called again for what is already there.
   *
   * @defaultValue nothing is called
   */
  readonly wake?: () => void;
}

/**
 * One receiver of a {@link BroadcastChannel}, with a position of its own in the shared ring. Made by
 * {@link BroadcastChannel.subscribe}. It sees what is published from then on, in order.
 *
 * A receiver holds no values. It costs the same whether it is one value behind or a million.
 */
export class Receiver<T> implements AsyncIterable<Received<T>> {
  readonly #ring: Ring<T>;
  readonly #wakes: WakeList;
  readonly #sleeper: Sleeper;
  // Invariant: everything below #position was read, or was told as missed; nothing from #end on will be read.
  #position: number;
  #end = Number.POSITIVE_INFINITY;
  #waiters: Array<() => void> = [];

  /** @internal */
  constructor(ring: Ring<T>, wakes: WakeList, { wake }: SubscribeOptions = {}) {
    this.#ring = ring;
    this.#wakes = wakes;
    this.#position = ring.next;
    this.#sleeper = {
      readable: () => this.lag > 0 || this.ended,
      wake: () => {
        this.#resume();
        wake?.();
      },
    };
    ring.readers += 1;
    wakes.add(this.#sleeper);
  }

  /** How many published values this receiver has neither read nor been told to have missed. */
  get lag(): number {
    return Math.min(this.#ring.next, this.#end) - this.#position;
  }

  /** True when there will never be anything to read again. Tells "nothing now" from "nothing more". */
  get ended(): boolean {
    return this.lag === 0 && (this.#ring.closed || this.#end < Number.POSITIVE_INFINITY);
  }

  // #region try-receive
  /**
   * The next value, or how many were missed, or `undefined` when there is nothing now. Never waits and
   * allocates nothing for a value.
   */
  tryReceive(): Received<T> | undefined {
    // task 3.2: read the next value, or tell how many are lost
    const oldest = Math.min(this.#ring.oldest, this.#end);
    if (this.#position < oldest) {
      const lagged = oldest - this.#position;
      this.#position = oldest;
      return { lagged };
    }
    if (this.lag > 0) {
      const received = this.#ring.take(this.#position);
      this.#position += 1;
      return received;
    }
    if (!this.ended) this.#wakes.add(this.#sleeper);
    return undefined;
  }
  // #endregion try-receive

  // #region receive
  /** Like {@link tryReceive}, but waits until there is something. `undefined` means the end. */
  async receive(): Promise<Received<T> | undefined> {
    // task 3.4: wait for the next value
    for (;;) {
      const received = this.tryReceive();
      if (received !== undefined || this.ended) return received;
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
      });
    }
  }
  // #endregion receive

  /** Reads until the end. Leaving the loop (`break`, `return`, an error) closes the receiver. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Received<T>, void, undefined> {
    try {
      for (let received = await this.receive(); received !== undefined; received = await this.receive()) {
        yield received;
      }
    } finally {
      this.close();
    }
  }

  /** Take what is published already, and nothing newer. Who waits on an empty channel gets the end. */
  finish(): void {
    if (this.#end < Number.POSITIVE_INFINITY) return;
    this.#end = this.#ring.next;
    this.#ring.readers -= 1;
    if (this.ended) this.#leave();
  }

  /** Leave at once: what is unread is given up, who waits gets the end. Closing twice does no harm. */
  close(): void {
    this.finish();
    this.#ring.release(this.#position, this.#end);
    this.#position = this.#end;
    this.#leave();
  }

  #leave(): void {
    this.#wakes.delete(this.#sleeper);
    this.#resume();
  }

  #resume(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
