/**
 * A function that says what time it is, in milliseconds. Only differences between two
 * readings mean anything: zero is wherever the clock began. It should never go back.
 *
 * Everything in this chapter that depends on age takes a clock, so that a test can move
 * time forward by an hour without waiting for one.
 */
export type Clock = () => number;

/**
 * The clock of a running process: milliseconds since it started. Unlike `Date.now()` it
 * does not jump when somebody sets the computer's clock.
 */
export const monotonicClock: Clock = () => performance.now();

/** A clock that stands still until it is told to move. For tests and demonstrations. */
export interface ManualClock {
  /** The time now, in milliseconds. */
  (): number;
  /**
   * Moves time by `ms` milliseconds. A negative number sets the clock back, as a broken
   * clock would.
   */
  advance(ms: number): void;
}

/**
 * Makes a clock that only `advance` moves.
 *
 * @param startMs - what it shows at first, in milliseconds
 */
export function createManualClock(startMs = 0): ManualClock {
  // step 2.3: time that stands still
  // #region manual-clock
  let now = startMs;
  const read = () => now;
  const advance = (ms: number) => {
    now += ms;
  };
  return Object.assign(read, { advance });
  // #endregion manual-clock
}
