import { Queue } from './queue.ts';

/**
 * Requests that wait for their answers, where answers come in the order of the
 * requests: any number may be under way, and the one that has waited longest gets the
 * next answer.
 */
export class AnswerQueue<A> {
  // step 2.13: answers in the order of the requests
  // #region answer-queue
  readonly #waiters = new Queue<{ accept(a: A): void; reject(error: Error): void }>();

  /** How many answers are awaited. */
  get length(): number {
    return this.#waiters.length;
  }

  /**
   * Waits for the next answer that nobody waits for yet.
   *
   * @param accept - called with the answer, before anybody can look at a later one;
   * what it throws, `settle` throws
   * @returns what `accept` returns
   */
  wait<T>(accept: (answer: A) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ accept: (answer) => resolve(accept(answer)), reject });
    });
  }

  /**
   * An answer has come. Who throws because it is the wrong one waits on: for `close`.
   *
   * @returns false if nobody waits for it
   */
  settle(answer: A): boolean {
    const waiter = this.#waiters.peek();
    waiter?.accept(answer);
    return this.#waiters.shift() !== undefined;
  }

  /** An error has come in place of an answer. @returns false if nobody waits for it */
  refuse(error: Error): boolean {
    const waiter = this.#waiters.shift();
    waiter?.reject(error);
    return waiter !== undefined;
  }

  /** No answer will come any more: all who wait are told why. */
  close(error: Error): void {
    while (this.refuse(error));
  }
  // #endregion answer-queue
}
