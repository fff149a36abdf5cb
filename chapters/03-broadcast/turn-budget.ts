// #region budget
/**
 * Lets at most so many things happen in one turn of the event loop; who comes later
 * waits for the next turn.
 *
 * One chunk from a socket can hold thousands of small frames. Published all in one
 * turn, they would overrun the ring before any receiver had a chance to run, however
 * fast its client is.
 */
export class TurnBudget {
  // step 3.9: so many in one turn

  readonly #perTurn: number;
  #spent = 0;
  #nextTurn: Promise<void> | undefined;

  /** @param perTurn - how many may happen in one turn, 1 or more */
  constructor(perTurn: number) {
    this.#perTurn = perTurn;
  }

  /** Resolves when there is room for one more in this turn. */
  async spend(): Promise<void> {
    while (this.#spent >= this.#perTurn) await this.#waitForNextTurn();
    this.#spent += 1;
  }

  #waitForNextTurn(): Promise<void> {
    // Booked only now, after the work of this turn: so the receivers, booked by the
    // work, go first.
    this.#nextTurn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#spent = 0;
        this.#nextTurn = undefined;
        resolve();
      });
    });
    return this.#nextTurn;
  }
}
// #endregion budget
