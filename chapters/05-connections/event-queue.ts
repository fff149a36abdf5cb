import { Fifo } from './fifo.ts';

/** Events on their way from the sockets to consumers who take them when they can. */
export class EventQueue<T extends object> {
  readonly #limit: number;
  readonly #events = new Fifo<T>();
  readonly #takers = new Fifo<(event: T | undefined) => void>();
  #closed = false;

  /** @param limit - how many events wait before the queue is full */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many events wait. */
  get size(): number {
    return this.#events.size;
  }

  /** True when no more should be pushed. The producer asks; a push into a full queue is taken all the same. */
  get full(): boolean {
    return this.#events.size >= this.#limit;
  }

  /** Adds an event, or hands it straight to a consumer who waits. */
  push(event: T): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#events.push(event);
    else taker(event);
  }

  /** The next event; undefined when the queue is closed and empty. */
  take(): Promise<T | undefined> {
    const event = this.#events.shift();
    if (event !== undefined || this.#closed) return Promise.resolve(event);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** No more will come: what waits may still be taken. */
  close(): void {
    this.#closed = true;
    while (this.#takers.size > 0) this.#takers.shift()?.(undefined);
  }

  /** All events until the queue is closed. Several loops over one queue share the events. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const event = await this.take();
      if (event === undefined) return;
      yield event;
    }
  }
}
