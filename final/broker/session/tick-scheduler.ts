import type { Clock } from '#topics';
import type { Faults } from '../faults.ts';

/** Something that does its work at the end of a tick. */
export interface Flushable {
  flush(): void;
}

/**
 * Does work at the end of a tick of the event loop. Whatever the sockets bring in one tick is gathered first: topics that
 * were published to, connections that have small frames to send. When the tick ends, all of it goes out, so its cost is per
 * tick and not per message.
 */
export class TickScheduler {
  #topics: Flushable[] = [];
  #outboxes: Flushable[] = [];
  #scheduled = false;
  #now = 0;
  readonly #clock: Clock;
  readonly #faults: Pick<Faults, 'report'>;
  readonly #end = (): void => this.end();

  constructor(clock: Clock, faults: Pick<Faults, 'report'>) {
    this.#clock = clock;
    this.#faults = faults;
  }

  /**
   * The time, in whole milliseconds on a clock that never goes back. It stands still during a tick: asking the
   * system for every message would cost more than the message.
   */
  get now(): number {
    this.#schedule();
    return this.#now;
  }

  /** The topic has new records: seal and send them at the end of this tick. */
  publishLater(topic: Flushable): void {
    this.#topics.push(topic);
    this.#schedule();
  }

  /** The outbox holds small frames: send them at the end of this tick, behind what topics send. */
  flushLater(outbox: Flushable): void {
    this.#outboxes.push(outbox);
    this.#schedule();
  }

  /** Does now what was left for the end of the tick. */
  end(): void {
    this.#scheduled = false;
    const topics = this.#topics;
    this.#topics = [];
    this.#flush(topics);
    const outboxes = this.#outboxes;
    this.#outboxes = [];
    this.#flush(outboxes);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#now = Math.max(this.#now, Math.floor(this.#clock()));
    this.#scheduled = true;
    // After all sockets that are readable now have been read: that is what setImmediate means in Node.
    setImmediate(this.#end);
  }

  #flush(all: readonly Flushable[]): void {
    let i = 0;
    while (i < all.length) {
      try {
        while (i < all.length) (all[i++] as Flushable).flush();
      } catch (fault) {
        // Nobody waits for an answer here, and the others must have theirs.
        this.#faults.report(fault, { where: 'the end of a tick' });
      }
    }
  }
}
