/** What an {@link Inbox} holds back, and whom it tells. */
export interface InboxOptions {
  /** It is full with this many items. */
  readonly maxItems: number;
  /** It is full with this many bytes. */
  readonly maxBytes: number;
  /** Called when it becomes full: stop the sources. */
  readonly onFull: () => void;
  /** Called when it is half empty again: let them go on. */
  readonly onRoom: () => void;
}

type Waiter<T> = (result: IteratorResult<T, undefined>) => void;

/**
 * What has been received and not yet been asked for. It is bounded by the sources: it never drops anything,
 * it tells them to stop. What they had read already still comes in, at most one chunk from each.
 */
export class Inbox<T extends { readonly data: Uint8Array }> {
  readonly #options: InboxOptions;
  // Invariant: #items[#head...] are here, #bytes is their sum, and #waiters is empty if there are any.
  #items: T[] = [];
  #head = 0;
  #bytes = 0;
  #full = false;
  #ended = false;
  readonly #waiters = new Set<Waiter<T>>();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#full;
  }

  // #region push
  push(item: T): void {
    for (const waiter of this.#waiters) {
      this.#waiters.delete(waiter);
      waiter({ done: false, value: item });
      return;
    }
    this.#items.push(item);
    this.#bytes += item.data.length;
    if (this.#full) return;
    if (this.length >= this.#options.maxItems || this.#bytes >= this.#options.maxBytes) {
      this.#full = true;
      this.#options.onFull();
    }
  }
  // #endregion push

  /** Takes the oldest item, if there is one. */
  take(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head++;
    this.#bytes -= item.data.length;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head >= 1_024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    const { maxItems, maxBytes, onRoom } = this.#options;
    if (this.#full && this.length * 2 <= maxItems && this.#bytes * 2 <= maxBytes) {
      this.#full = false;
      onRoom();
    }
    return item;
  }

  /**
   * Iterates over what comes in. Several iterators share the inbox: each item goes to one of them.
   *
   * @param signal - ends the iteration with what `explain` makes of it
   */
  iterate(
    signal?: AbortSignal,
    explain?: (signal: AbortSignal) => Error,
  ): AsyncIterableIterator<T, undefined> {
    const mine = new Set<Waiter<T>>();
    let over = false;
    const finish = () => {
      over = true;
      signal?.removeEventListener('abort', finish);
      for (const waiter of mine) {
        this.#waiters.delete(waiter);
        waiter({ done: true, value: undefined });
      }
    };
    signal?.addEventListener('abort', finish, { once: true });
    const next = (): Promise<IteratorResult<T, undefined>> => {
      if (signal?.aborted === true && explain !== undefined) return Promise.reject(explain(signal));
      const value = over ? undefined : this.take();
      if (value !== undefined) return Promise.resolve({ done: false, value });
      if (over || this.#ended) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve, reject) => {
        const waiter: Waiter<T> = (result) => {
          mine.delete(waiter);
          if (signal?.aborted === true && explain !== undefined) reject(explain(signal));
          else resolve(result);
        };
        mine.add(waiter);
        this.#waiters.add(waiter);
      });
    };
    return {
      next,
      return: () => {
        finish();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Nothing more will come. What is here can still be taken. */
  end(): void {
    this.#ended = true;
    for (const waiter of this.#waiters) waiter({ done: true, value: undefined });
    this.#waiters.clear();
  }
}
