import { Queue } from '#topics';
import { PeerError } from './errors.ts';
import type { PendingSend } from './pending-send.ts';

/** One write takes at most this many bytes of datagrams, unless a single one is larger. */
const MAX_BATCH_BYTES = 131_072;

/**
 * The sends that wait for one address, in the order in which they were made.
 *
 * One that is settled while it waits (cancelled, too late) keeps its place until it comes to the front
 * or the sweep takes it out: the queue is not walked for each of them.
 */
export class SendQueue {
  // Invariant: `cost` is the sum of the costs of those in #sends.
  #sends = new Queue<PendingSend>();
  /** What they count for, in bytes; the settled ones too. Changed in here alone. */
  cost = 0;

  get length(): number {
    return this.#sends.length;
  }

  push(send: PendingSend): void {
    this.#sends.push(send);
    this.cost += send.cost;
  }

  /**
   * Takes out the oldest, as many as go into one write; they are `written` from now on. Those of more than `maxBytes`
   * fail.
   */
  // #region take-batch
  takeBatch(maxBytes: number): PendingSend[] {
    // step 7.2: many datagrams, one write
    const batch: PendingSend[] = [];
    let size = 0;
    for (let send = this.#sends.peek(); send !== undefined; send = this.#sends.peek()) {
      const { length } = send.bytes;
      if (batch.length > 0 && size + length > MAX_BATCH_BYTES) break;
      this.#sends.shift();
      this.cost -= send.cost;
      if (length > maxBytes) {
        const why = `it takes datagrams of at most ${maxBytes} bytes, not ${length}`;
        send.fail(new PeerError('TOO_LARGE', send.address, why));
      } else if (send.stage === 'waiting') {
        send.stage = 'written';
        batch.push(send);
        size += length;
      }
    }
    return batch;
  }
  // #endregion take-batch

  /** Fails those that have waited for `timeoutMs`, and takes out all that are settled. */
  check(now: number, timeoutMs: number): void {
    const all = this.#sends;
    this.#sends = new Queue();
    this.cost = 0;
    for (const send of all) {
      send.check(now, timeoutMs);
      if (send.stage === 'waiting') this.push(send);
    }
  }

  /** Fails all. */
  fail(error: PeerError): void {
    for (const send of this.#sends) send.fail(error);
    this.#sends.clear();
    this.cost = 0;
  }
}
