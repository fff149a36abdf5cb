import { Queue } from './queue.ts';

/** How many items are handed out before the sockets are served again. */
const ITEMS_PER_TURN = 512;

/**
 * First in, first out, for consumers that wait for what comes. Several may share one
 * queue: each item goes to one.
 *
 * It holds whatever is pushed: the producer asks for `length` and stops in time.
 */
export class AsyncQueue<T> {
  // step 2.12: consumers that wait
  // #region async-queue
  // Invariant: there are items, or there are takers, or neither.
  readonly #items = new Queue<T>();
  readonly #takers = new Queue<(item?: T | Promise<T | undefined>) => void>();
  #end: { readonly failure: Error | undefined } | undefined;
  #handedOut = 0;
  readonly #onWaiting: (item: T, count: 1 | -1) => void;

  /**
   * @param onWaiting - called with 1 when an item must wait, and with -1 when it waits
   * no more: to bound what waits
   */
  constructor(onWaiting: (item: T, count: 1 | -1) => void = () => {}) {
    this.#onWaiting = onWaiting;
  }

  /** How many items wait. */
  get length(): number {
    return this.#items.length;
  }

  /** True when nobody waits any more. */
  get closed(): boolean {
    return this.#end !== undefined;
  }

  /** Adds an item, or hands it straight to the consumer that has waited longest. */
  push(item: T): void {
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      taker(item);
      return;
    }
    this.#items.push(item);
    this.#onWaiting(item, 1);
  }

  /**
   * The next item; undefined when the queue is closed and empty.
   *
   * @throws what `close` was given, when the queue is empty
   */
  async take(): Promise<T | undefined> {
    // Consumers that never really wait would keep the event loop from everything else.
    this.#handedOut += 1;
    if (this.#handedOut % ITEMS_PER_TURN === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#onWaiting(item, -1);
      return item;
    }
    if (this.#end?.failure !== undefined) throw this.#end.failure;
    if (this.#end !== undefined) return undefined;
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /**
   * Nobody waits any more. What is here, or still comes, may be taken. Closing again
   * changes nothing.
   *
   * @param failure - thrown where the end would be, if the queue did not end in order
   */
  close(failure?: Error): void {
    this.#end ??= { failure };
    while (this.#takers.length > 0) this.#takers.shift()?.(this.take());
  }

  /** Forgets the items that wait. */
  clear(): void {
    for (const item of this.#items) this.#onWaiting(item, -1);
    this.#items.clear();
  }

  /**
   * All items until the queue is closed. Several loops over one queue share the items.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let item = await this.take();
    while (item !== undefined) {
      yield item;
      item = await this.take();
    }
  }
  // #endregion async-queue
}
