import type { Clock } from '#topics';

// step 6.11: a topic, and the end of the turn

/** The time of an event-loop turn. */
export class TurnClock {
  readonly #clock: Clock;
  #isRead = false;
  #now = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  // #region now
  /**
   * The time, in whole milliseconds that never go back. It stands still during a turn:
   * asking the system for every message would cost more than the message.
   */
  get now(): number {
    if (!this.#isRead) {
      this.#isRead = true;
      this.#now = Math.max(this.#now, Math.floor(this.#clock()));
      setImmediate(() => {
        this.#isRead = false;
      });
    }
    return this.#now;
  }
  // #endregion now
}
