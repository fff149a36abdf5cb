/**
 * A clock for deadlines: it counts only the time in which this process could have read what its peers had sent. A process
 * that was stopped, or a machine that slept, is no fault of theirs.
 *
 * @param everyMs - somebody reads it so often, at least; what lies much further apart is time in which nobody could
 * @param clock - milliseconds on a clock that never goes back
 */
export function createLoopClock(everyMs: number, clock = () => performance.now()): () => number {
  let last = clock();
  let stopped = 0;
  return () => {
    const now = clock();
    if (now - last > 2 * everyMs) stopped += now - last - everyMs;
    last = now;
    return now - stopped;
  };
}
