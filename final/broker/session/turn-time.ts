import { type Clock, monotonicClock, Queue } from '#topics';

/** How long requests may keep one turn of the event loop, in milliseconds: for so long everybody else waits. */
export const TURN_MS = 5;

/** What one client has asked for and what is left to be done in later turns. */
export interface PostponedWork {
  /**
   * Its turn has come: does some of it, and more until {@link TurnTime.spent}.
   *
   * @returns whether some is left
   */
  run(): boolean;
}

/**
 * Bounds the work of one turn of the event loop by its cost. Frames are no measure: 63 KB hold 7,000 of them, and one may
 * take a microsecond or a millisecond. So requests are timed (not PUBLISH, whose cost is that of its bytes). When the time
 * of a turn is spent, requests wait for later turns, where the clients that have some take their shares one after the other.
 */
export class TurnTime {
  readonly #clock: Clock;
  readonly #waiting = new Queue<PostponedWork>();
  #used = 0;
  #share = TURN_MS;
  #booked = false;

  /** @param clock - monotonic milliseconds; one that stands still spends nothing */
  constructor(clock: Clock = monotonicClock) {
    this.#clock = clock;
  }

  /** Whether the time is used up: of this turn, or the share of the client whose work is done now. */
  get spent(): boolean {
    return this.#used >= this.#share;
  }

  /** A request begins. @returns when; for {@link TurnTime.end} */
  begin(): number {
    return this.#clock();
  }

  /** It has ended. @returns whether the time is used up */
  end(began: number): boolean {
    this.#used += this.#clock() - began;
    this.#book();
    return this.spent;
  }

  /** Work for later turns; it goes to the end of the line. */
  later(work: PostponedWork): void {
    this.#waiting.push(work);
    this.#book();
  }

  #book(): void {
    if (this.#booked) return;
    this.#booked = true;
    // After the sockets that are readable now: what they bring has its own time, so newcomers do not wait for the line.
    setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#booked = false;
    const count = this.#waiting.length;
    const share = TURN_MS / Math.max(1, count);
    let left = TURN_MS;
    for (let i = 0; i < count && left > 0; i++) {
      const work = this.#waiting.shift() as PostponedWork;
      this.#used = 0;
      this.#share = share;
      if (work.run()) this.later(work);
      left -= this.#used;
    }
    this.#used = 0;
    this.#share = TURN_MS;
    if (this.#waiting.length > 0) this.#book();
  }
}
