/**
 * Chapter 7, the second door: when to try again. Pure, so that clients in browsers wait by the same rule.
 *
 * @packageDocumentation
 */
import { checkWhole, MAX_TIMEOUT_MS } from '#framing';

/** How long to wait before trying again. */
export interface BackoffOptions {
  /**
   * Milliseconds to wait after the first failure, before jitter.
   * @defaultValue 50
   */
  readonly initialMs?: number;
  /**
   * The longest wait in milliseconds, before jitter; at least `initialMs`.
   * @defaultValue 5,000
   */
  readonly maxMs?: number;
  /**
   * Where the jitter comes from: a number from 0 up to, but not including, 1.
   * @defaultValue `Math.random`
   */
  readonly random?: () => number;
}

/**
 * Fills in what is not given.
 *
 * @throws OptionError for a bad number
 */
export function readBackoff(options: BackoffOptions = {}): Required<BackoffOptions> {
  const { initialMs = 50, maxMs = 5_000, random = Math.random } = options;
  checkWhole('initialMs', initialMs, 1, MAX_TIMEOUT_MS);
  checkWhole('maxMs', maxMs, initialMs, MAX_TIMEOUT_MS);
  return { initialMs, maxMs, random };
}

/**
 * How long to wait after so many failures: 50 ms, 100 ms, 200 ms, ... up to a maximum, each between half and the
 * whole of that time. The doubling spares a server that is down; the jitter keeps a hundred clients that lost it at the
 * same moment from coming back at the same moment. Never less than half, so that nobody comes back at once.
 *
 * @param failures - in a row, from 1
 * @returns whole milliseconds
 */
// #region delay
export function backoffDelay(failures: number, options: Required<BackoffOptions>): number {
  // step 7.5: wait longer after each failure, and never in step with others
  const whole = Math.min(options.maxMs, options.initialMs * 2 ** (failures - 1));
  return Math.round(whole / 2 + (whole / 2) * options.random());
}
// #endregion delay
