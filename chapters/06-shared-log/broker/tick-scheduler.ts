import type { Clock } from '#topics';

/** Something that gathers work during a turn, and does it at the end. */
export interface Flushable {
  flush(): void;
}

/**
 * The end of an event-loop turn. What all sockets bring in one turn is gathered first; then it goes out together, so
 * that its cost is per turn and not per message.
 */
export class TickScheduler {
  readonly #clock: Clock;
  #waiting: Flushable[] = [];
  #scheduled = false;
  #now = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  // #region now
  /**
   * The time, in whole milliseconds that never go back. It stands still during a turn: asking the system for every
   * message would cost more than the message.
   */
  get now(): number {
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#now = Math.max(this.#now, Math.floor(this.#clock()));
      // In Node that is after all sockets that are readable now have been read.
      setImmediate(() => this.#end());
    }
    return this.#now;
  }
  // #endregion now

  /** Calls `flush` at the end of this turn. @returns the time of the turn */
  flushLater(each: Flushable): number {
    this.#waiting.push(each);
    return this.now;
  }

  #end(): void {
    this.#scheduled = false;
    for (const each of this.#waiting.splice(0)) each.flush();
  }
}
