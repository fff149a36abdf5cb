import { Lagged, type Receiver } from '#broadcast';

/** More reads than any test has values: behind them a receiver goes round and round. */
const MAX_READS = 10_000;

/** A value as it is, a loss as `-n`. */
export const seenAs = (received: number | Lagged): number =>
  received instanceof Lagged ? -received.missed : received;

/** Everything that can be read now. @throws Error when it does not come to an end */
export function readAll(receiver: Receiver<number>): number[] {
  const seen: number[] = [];
  for (let r = receiver.tryReceive(); r !== undefined; r = receiver.tryReceive()) {
    seen.push(seenAs(r));
    if (seen.length > MAX_READS) {
      const last = r instanceof Lagged ? `a loss of ${r.missed}` : `the value ${r}`;
      throw new Error(`tryReceive() never says undefined: read number ${MAX_READS} gives ${last}`);
    }
  }
  return seen;
}

/** The end of this turn, after everything that was booked for it before. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
