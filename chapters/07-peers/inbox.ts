import { Queue } from '#topics';
import { DATAGRAM_COST } from './pending-send.ts';

/** A datagram that has arrived. */
export interface Datagram {
  /** The bytes; they are yours. */
  readonly data: Buffer;
  /**
   * The address that the sender listens on: answer to it. It is what the sender says of itself; nobody has proved it.
   */
  readonly from: string;
  /** The address of this peer. */
  readonly to: string;
}

/**
 * What has arrived and was not asked for yet. It drops nothing: while it is `full`, those who fill it stop reading, and TCP
 * slows the senders down. What they had read already still comes in, at most one chunk from each.
 */
export class Inbox {
  readonly #maxBytes: number;
  readonly #datagrams = new Queue<Datagram>();
  // What those in the queue count for.
  #bytes = 0;
  #ended = false;
  // Those who wait for a datagram, or for room.
  #sleepers: (() => void)[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#datagrams.length;
  }

  get full(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  // #region push
  push(datagram: Datagram): void {
    this.#datagrams.push(datagram);
    this.#bytes += datagram.data.length + DATAGRAM_COST;
    this.#wake();
  }

  #take(): Datagram | undefined {
    const datagram = this.#datagrams.shift();
    if (datagram === undefined) return undefined;
    this.#bytes -= datagram.data.length + DATAGRAM_COST;
    if (this.#bytes * 2 <= this.#maxBytes) this.#wake();
    return datagram;
  }

  /** Resolves when it is half empty. */
  async room(): Promise<void> {
    while (this.#bytes * 2 > this.#maxBytes) await this.#change();
  }
  // #endregion push

  /** What arrives, until the end. Several loops share it: each datagram goes to one of them. */
  async *receive(): AsyncGenerator<Datagram, undefined> {
    for (;;) {
      const datagram = this.#take();
      if (datagram !== undefined) yield datagram;
      else if (this.#ended) return;
      else await this.#change();
    }
  }

  /** Nothing more will come. What is here can still be taken. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Resolves when there is something to look at again. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#sleepers.push(resolve));
  }

  #wake(): void {
    if (this.#sleepers.length === 0) return;
    const sleepers = this.#sleepers;
    this.#sleepers = [];
    for (const wake of sleepers) wake();
  }
}
