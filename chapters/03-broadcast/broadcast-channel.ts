import { Receiver, type SubscribeOptions } from './receiver.ts';
import { Ring } from './ring.ts';
import { WakeList } from './wake-list.ts';

/**
 * A bounded channel in memory: what one publishes, every receiver gets, in the same order.
 *
 * - There is one copy of each value for all receivers, in a ring of `capacity` places.
 * - {@link publish} never waits and costs the same however many receivers there are, except that those that
 *   wait are woken, each once, at the end of the turn.
 * - A receiver that falls more than `capacity` values behind has lost the oldest ones. Its next read tells it
 *   how many, and it goes on with the oldest one kept. It never loses anything in silence.
 *
 * Memory: a value is let go when every receiver that was subscribed at its publishing has read it or has
 * left, and at the latest after `capacity` further publishes. One stalled receiver can hold `capacity`
 * values; a thousand stalled receivers hold the same `capacity` values.
 *
 * Source: the broadcast channel of the seed system zaichik, there from the Tokio library.
 *
 * @typeParam T - What is published. All receivers see the same object, so nobody may change it.
 */
export class BroadcastChannel<T> {
  readonly #ring: Ring<T>;
  readonly #wakes = new WakeList();

  /**
   * @param capacity - Values kept for receivers that are behind, 1 to 16,777,216.
   * @throws RangeError when `capacity` is anything else.
   */
  constructor(capacity: number) {
    this.#ring = new Ring<T>(capacity);
  }

  /** Values kept for receivers that are behind. */
  get capacity(): number {
    return this.#ring.capacity;
  }

  /** How many receivers the next value goes to. */
  get receivers(): number {
    return this.#ring.closed ? 0 : this.#ring.readers;
  }

  /** True after {@link close}. */
  get closed(): boolean {
    return this.#ring.closed;
  }

  // #region publish
  /**
   * Give a value to all receivers.
   *
   * @returns How many receivers it goes to; 0 when there is none, or when the channel is closed.
   */
  publish(value: T): number {
    const receivers = this.receivers;
    if (receivers === 0) return 0; // nobody will ever read it: do not keep it
    this.#ring.put(value);
    this.#wakes.notify();
    return receivers;
  }
  // #endregion publish

  /** A new receiver. It gets what is published from now on; from a closed channel it gets the end. */
  subscribe(options: SubscribeOptions = {}): Receiver<T> {
    return new Receiver(this.#ring, this.#wakes, options);
  }

  /** Publish nothing more. Receivers read what is left, then get the end. Closing twice does no harm. */
  close(): void {
    this.#ring.closed = true;
    this.#wakes.notify();
  }
}
