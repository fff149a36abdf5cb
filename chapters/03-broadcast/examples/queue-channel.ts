import { Queue } from '#topics';

// step 3.1: a queue for each receiver

// #region channel
/**
 * The broadcast channel as one writes it first: each receiver has a queue of its own,
 * without a bound. It is here to be measured against the ring.
 *
 * @typeParam T - what is published; neither `undefined` nor `null`
 */
export class QueueChannel<T extends NonNullable<unknown>> {
  readonly #receivers = new Set<QueueReceiver<T>>();

  /** How many receivers the next value goes to. */
  get receivers(): number {
    return this.#receivers.size;
  }

  /** Gives a value to all receivers. @returns how many receivers it goes to */
  publish(value: T): number {
    for (const receiver of this.#receivers) receiver.put(value);
    return this.#receivers.size;
  }

  /** A new receiver. It gets what is published from now on. */
  subscribe(): QueueReceiver<T> {
    const receiver = new QueueReceiver<T>((gone) => this.#receivers.delete(gone));
    this.#receivers.add(receiver);
    return receiver;
  }
}

/** One receiver of a {@link QueueChannel}, with all that it has not read. */
export class QueueReceiver<T extends NonNullable<unknown>> {
  readonly #leave: (receiver: QueueReceiver<T>) => void;
  #unread = new Queue<T>();

  /** @param leave - called when the receiver closes */
  constructor(leave: (receiver: QueueReceiver<T>) => void) {
    this.#leave = leave;
  }

  /** How many values it has not read. */
  get lag(): number {
    return this.#unread.length;
  }

  /** Called by the channel for each value. */
  put(value: T): void {
    this.#unread.push(value);
  }

  /** The next value, or `undefined` when there is none now. */
  tryReceive(): T | undefined {
    return this.#unread.shift();
  }

  /** Leaves, and gives up what it has not read. */
  close(): void {
    this.#leave(this);
    this.#unread = new Queue();
  }
}
// #endregion channel
