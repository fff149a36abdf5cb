import type { ReconnectOptions } from './options.ts';

/**
 * Milliseconds to wait before an attempt: anything from 0 to a bound that doubles with each attempt ("full jitter"), so
 * that a thousand clients which lost one broker at the same moment do not come back at the same moment.
 *
 * @param attempt - from 1
 */
export function backoffDelay(attempt: number, options: Required<ReconnectOptions>): number {
  const { initialDelay, maxDelay, random } = options;
  return Math.round(random() * Math.min(maxDelay, initialDelay * 2 ** (attempt - 1)));
}
