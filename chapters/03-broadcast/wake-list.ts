/** Somebody who found nothing to read and wants to be told when there is something. */
export interface Sleeper {
  /** Is there anything to see now? */
  readable(): boolean;
  /** Called once, at the end of the turn in which it became readable. */
  wake(): void;
}

/**
 * The receivers that wait for a value.
 *
 * A turn is one round of Node's event loop. In one turn a busy socket can bring hundreds of frames. To wake
 * every waiting receiver for every frame would cost frames times receivers calls; here the first frame books
 * one wake-up for the end of the turn, and then each receiver is woken once and reads all there is.
 */
export class WakeList {
  readonly #sleepers = new Set<Sleeper>();
  #booked = false;

  /** Wake this one when there is something. Adding it twice is the same as once. */
  add(sleeper: Sleeper): void {
    this.#sleepers.add(sleeper);
  }

  /** It does not want to be woken any more. */
  delete(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
  }

  /** Something happened: wake the sleepers at the end of this turn. Costs the same however many there are. */
  notify(): void {
    if (this.#booked || this.#sleepers.size === 0) return;
    this.#booked = true;
    setImmediate(() => this.#wakeAll());
  }

  // #region wake-all
  /** Wake each sleeper that has something to read; the others sleep on. */
  #wakeAll(): void {
    // task 3.3: wake everyone once
    this.#booked = false;
    // A copy: who is woken reads all there is, goes back to sleep, and must not be woken again in this turn.
    for (const sleeper of [...this.#sleepers]) {
      if (!sleeper.readable()) continue;
      // false: another one's wake() has just taken it off the list.
      if (!this.#sleepers.delete(sleeper)) continue;
      try {
        sleeper.wake();
      } catch (error) {
        // One broken receiver must not keep the others asleep. Its error is still not swallowed.
        process.nextTick(() => {
          throw error;
        });
      }
    }
  }
  // #endregion wake-all
}
