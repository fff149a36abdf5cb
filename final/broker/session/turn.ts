import type { Clock } from '#topics';
import type { Topic } from '../topics/topic.ts';
import type { Outbox } from './outbox.ts';

/**
 * The end of an event-loop turn. Whatever the sockets bring in one turn is gathered first: topics that were
 * published to, connections that have small frames to send. When the turn ends, all of it goes out, so its
 * cost is per turn and not per message.
 */
export class Turn {
  #topics: Topic[] = [];
  #outboxes: Outbox[] = [];
  #scheduled = false;
  #now = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The time, in whole milliseconds on a clock that never goes back. It stands still during a turn: asking the
   * system for every message would cost more than the message.
   */
  get now(): number {
    this.#schedule();
    return this.#now;
  }

  /** The topic has new records: seal and send them at the end of this turn. */
  publishLater(topic: Topic): void {
    this.#topics.push(topic);
    this.#schedule();
  }

  /** The outbox holds small frames: send them at the end of this turn. */
  flushLater(outbox: Outbox): void {
    this.#outboxes.push(outbox);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#now = Math.max(this.#now, Math.floor(this.#clock()));
    this.#scheduled = true;
    // After all sockets that are readable now have been read: that is what setImmediate means in Node.
    setImmediate(() => this.end());
  }

  /** Does now what waits for the end of the turn. */
  // #region end
  end(): void {
    this.#scheduled = false;
    const topics = this.#topics;
    this.#topics = [];
    for (const topic of topics) topic.flush();
    const outboxes = this.#outboxes;
    this.#outboxes = [];
    for (const outbox of outboxes) outbox.flush();
  }
  // #endregion end
}
