import { readFileSync } from 'node:fs';
import type { Logger } from './logger.ts';

/** Descriptors that a broker needs beside those of its connections: listeners, files, what Node itself has open. */
const SPARE = 64;

/**
 * Warns when the system allows the process fewer descriptors than the broker may hold connections. It has to be said at the
 * start: beyond its limit the system closes newcomers before anybody here sees them.
 *
 * @param limits - the text of `/proc/self/limits`; where there is none, nothing is known
 */
export function warnOfFewDescriptors(
  maxConnections: number,
  logger: Pick<Logger, 'warn'>,
  limits = readLimits(),
): void {
  const descriptors = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  if (descriptors >= maxConnections + SPARE) return;
  logger.warn(
    { descriptors, maxConnections },
    `fewer descriptors than connections: beyond them the system refuses newcomers; raise the limit (ulimit -n), or set maxConnections to ${Math.max(1, descriptors - SPARE)} at most`,
  );
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}
