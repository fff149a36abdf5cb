import os from 'node:os';
import process from 'node:process';

/** The share of the memory that messages may take, unless told otherwise. */
const SHARE = 1 / 4;

/**
 * How many bytes of messages and keys a broker holds at most, unless it is told: a quarter of the memory of its container, where
 * it has one with a limit, else of the machine.
 *
 * @param constrained - what `process.constrainedMemory()` says: nothing, 0 or more than there is where there is no limit
 * @param total - bytes of memory of the machine
 */
export function usualMemoryBound(
  constrained: number | undefined = process.constrainedMemory?.(),
  total: number = os.totalmem(),
): number {
  const isLimit = constrained !== undefined && constrained > 0 && constrained < total;
  return Math.floor((isLimit ? constrained : total) * SHARE);
}
