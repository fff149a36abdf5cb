import { setImmediate as nextTurn } from 'node:timers/promises';
import { Fifo } from './fifo.ts';

/** How many pieces are handed out before the sockets are served again. */
const PIECES_PER_TURN = 512;

/** What one waiting piece costs beside its bytes: its place in the queue, its object and its view. */
const OVERHEAD = 128;

/** Something with a length in bytes that waits to be worked on. */
export interface Work {
  readonly bytes: Uint8Array;
}

/** The pieces of one connection that wait, in their order. */
export class Line<T extends Work> {
  /** What waits here costs so many bytes of memory. */
  cost = 0;
  /** A consumer is at work on a piece of this line. */
  busy = false;
  readonly #work = new Fifo<T>();

  /** How many pieces wait. */
  get size(): number {
    return this.#work.size;
  }

  /** Adds a piece; returns what it costs. */
  push(work: T): number {
    const cost = work.bytes.length + OVERHEAD;
    this.cost += cost;
    this.#work.push(work);
    return cost;
  }

  /** Takes the first piece. */
  shift(): T | undefined {
    const work = this.#work.shift();
    if (work !== undefined) this.cost -= work.bytes.length + OVERHEAD;
    return work;
  }
}

/**
 * Shares work among consumers. Each connection has its own line, and only one consumer at a time works on a line:
 * so the order within a connection holds however many consumers there are. The lines take turns: a connection that
 * sends much does not keep the others waiting.
 */
export class WorkQueue<T extends Work, L extends Line<T>> {
  // Invariant: a line stands in #ready once if it has work and is not busy, and else not at all.
  readonly #ready = new Fifo<L>();
  readonly #takers = new Fifo<(line: L | undefined) => void>();
  #closed = false;
  #handedOut = 0;

  /** What waits in all lines together costs so many bytes of memory. */
  cost = 0;
  /** How many pieces wait in all lines together. */
  size = 0;

  /** Adds a piece to a line. */
  // #region push
  push(line: L, work: T): void {
    this.cost += line.push(work);
    this.size += 1;
    if (!line.busy && line.size === 1) this.#offer(line);
  }
  // #endregion push

  /** The next piece and its line, which is busy from now on; undefined when the queue is closed and empty. */
  async take(): Promise<{ line: L; work: T } | undefined> {
    // Consumers that never really wait would keep the event loop from everything else.
    this.#handedOut += 1;
    if (this.#handedOut % PIECES_PER_TURN === 0) await nextTurn();
    const line = await this.#nextLine();
    const work = line?.shift();
    if (line === undefined || work === undefined) return undefined;
    this.cost -= work.bytes.length + OVERHEAD;
    this.size -= 1;
    return { line, work };
  }

  /** The consumer is done with the piece that it took; the line's next piece may be taken. */
  // #region release
  release(line: L): void {
    // task 5.6: let the next piece of a line go
    line.busy = false;
    if (line.size > 0) this.#offer(line);
  }
  // #endregion release

  /** No more will come: what waits may still be taken. */
  close(): void {
    this.#closed = true;
    while (this.#takers.size > 0) this.#takers.shift()?.(undefined);
  }

  #offer(line: L): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#ready.push(line);
    else {
      line.busy = true;
      taker(line);
    }
  }

  #nextLine(): Promise<L | undefined> {
    const line = this.#ready.shift();
    if (line !== undefined) line.busy = true;
    if (line !== undefined || this.#closed) return Promise.resolve(line);
    return new Promise((resolve) => this.#takers.push(resolve));
  }
}
