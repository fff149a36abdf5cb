import type { Duplex } from 'node:stream';

/** How long a refused newcomer may take to read our last words, in milliseconds. */
const LINGER = 1_000;
/** How many newcomers may linger; beyond that they are cut off without a word. */
const MOST = 256;

/**
 * Where the refused stand while they are told why. Closing a socket at once, with bytes of the peer still unread,
 * sends a reset that destroys the words on their way; so we say them, end our side, and read until the peer is gone.
 */
export class Doorstep {
  readonly #now: () => number;
  readonly #deadlines = new Map<Duplex, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many stand there. */
  get size(): number {
    return this.#deadlines.size;
  }

  /** Sends a newcomer away, with last words if there are any. */
  turnAway(stream: Duplex, words: Uint8Array | undefined): void {
    stream.on('error', ignore);
    if (words === undefined || this.#deadlines.size >= MOST) {
      stream.destroy();
      return;
    }
    this.#deadlines.set(stream, this.#now() + LINGER);
    stream.once('close', () => this.#deadlines.delete(stream));
    stream.end(words);
    stream.resume();
  }

  /** Cuts off those who stood there for too long. */
  sweep(now: number): void {
    for (const [stream, deadline] of this.#deadlines) if (now >= deadline) stream.destroy();
  }

  /** Cuts off all of them. */
  clear(): void {
    for (const stream of this.#deadlines.keys()) stream.destroy();
  }
}

/** A refused stream may fail as it likes. */
function ignore(): void {}
