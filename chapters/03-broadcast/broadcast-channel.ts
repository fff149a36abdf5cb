import { Receiver } from './receiver.ts';
import { Ring } from './ring.ts';

/**
 * A bounded channel in memory: what one publishes, every receiver gets, in the same
 * order.
 *
 * - There is one copy of each value for all receivers, in a ring of `capacity` places.
 * - {@link publish} never waits and costs the same however many receivers there are.
 *   They are woken later, each once, at the end of the turn.
 * - A receiver that falls more than `capacity` values behind has lost the oldest ones.
 *   Its next read tells it how many, and it goes on with the oldest one kept. It never
 *   loses anything in silence.
 *
 * Memory: a value is let go when every receiver that was subscribed at its publishing
 * has read it or has closed, and at the latest after `capacity` further values. One
 * stalled receiver can hold `capacity` values; a thousand stalled receivers hold the
 * same `capacity` values.
 *
 * Source: the broadcast channel of the seed zaichik, there from the Tokio library.
 *
 * @typeParam T - What is published; neither `undefined` nor `null`. All receivers see
 *   the same object, so nobody may change it.
 */
export class BroadcastChannel<T extends NonNullable<unknown>> {
  // step 3.5: publish to all, wake once a turn

  // #region channel
  readonly #ring: Ring<T>;
  readonly #receivers = new Set<Receiver<T>>();
  #wakeBooked = false;

  /**
   * @param capacity - values kept for receivers that are behind, 1 to 16,777,216
   * @throws OptionError when `capacity` is anything else
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
    return this.#receivers.size;
  }

  /**
   * The sequence number that the next value gets; they count up from 0. A value that
   * nobody gets has none.
   */
  get next(): number {
    return this.#ring.next;
  }

  /**
   * Gives a value to all receivers.
   *
   * @returns how many receivers it goes to
   */
  publish(value: T): number {
    if (this.receivers === 0) return 0; // Nobody will ever read it: do not keep it.
    this.#ring.put(value);
    if (!this.#wakeBooked) {
      this.#wakeBooked = true;
      setImmediate(() => this.#wakeAll());
    }
    return this.receivers;
  }

  /**
   * A new receiver. It gets what is published from now on.
   *
   * @param onReadable - called at the end of each turn in which something was
   *   published, while there is something to read
   */
  subscribe(onReadable?: () => void): Receiver<T> {
    const receiver = new Receiver(
      this.#ring,
      (gone) => this.#receivers.delete(gone),
      onReadable,
    );
    this.#receivers.add(receiver);
    return receiver;
  }

  /**
   * Wakes every receiver that has something to read, once, however many values the turn
   * brought.
   */
  #wakeAll(): void {
    this.#wakeBooked = false;
    // A copy: one that comes in meanwhile has nothing to read yet.
    for (const receiver of [...this.#receivers]) {
      // Another one's callback has just finished it.
      if (!this.#receivers.has(receiver)) continue;
      try {
        receiver.wake();
      } catch (error) {
        // One broken receiver must not keep the others from waking. Its error is not
        // swallowed either.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
  // #endregion channel
}
