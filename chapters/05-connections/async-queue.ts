import { setImmediate as nextTurn } from 'node:timers/promises';
import { Queue } from '#topics';

/** How many items are handed out before the sockets are served again. */
const ITEMS_PER_TURN = 512;

/**
 * First in, first out, for consumers that wait for what comes. Several may share one queue: each item goes to one.
 *
 * It holds whatever is pushed: the producer asks for `length` and stops in time.
 */
export class AsyncQueue<T> {
  // Invariant: there are items, or there are takers, or neither.
  readonly #items = new Queue<T>();
  readonly #takers = new Queue<(item: T | undefined) => void>();
  #closed = false;
  #handedOut = 0;

  /** How many items wait. */
  get length(): number {
    return this.#items.length;
  }

  /** Adds an item, or hands it straight to the consumer that has waited longest. */
  push(item: T): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#items.push(item);
    else taker(item);
  }

  /** The next item; undefined when the queue is closed and empty. */
  // #region take
  async take(): Promise<T | undefined> {
    // Consumers that never really wait would keep the event loop from everything else.
    this.#handedOut += 1;
    if (this.#handedOut % ITEMS_PER_TURN === 0) await nextTurn();
    const item = this.#items.shift();
    if (item !== undefined || this.#closed) return item;
    return new Promise((resolve) => this.#takers.push(resolve));
  }
  // #endregion take

  /** Nobody waits any more. What is here, or still comes, may be taken. */
  close(): void {
    this.#closed = true;
    while (this.#takers.length > 0) this.#takers.shift()?.(undefined);
  }

  /** All items until the queue is closed. Several loops over one queue share the items. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let item = await this.take(); item !== undefined; item = await this.take()) yield item;
  }
}
