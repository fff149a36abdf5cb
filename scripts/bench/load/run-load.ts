import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Window } from './closed-loop.ts';
import type { LoadJob, LoadResult } from './generator.ts';

const GENERATOR = fileURLToPath(new URL('./generator.ts', import.meta.url));

/**
 * Run one load in a generator process of its own. Rejects when it could not run; a loss is in the result.
 * `onMeasuring` is called when the warm-up is over and the measured phase begins.
 */
export function runLoad(job: LoadJob, onMeasuring: () => void = () => {}): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = fork(GENERATOR, [], { execArgv: ['--import', 'tsx'] });
    child.on('message', (answer: { measuring?: true; result?: LoadResult; error?: string }) => {
      if (answer.measuring) onMeasuring();
      else if (answer.result) resolve(answer.result);
      else reject(new Error(answer.error));
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the load generator ended with code ${code}`)));
    child.send(job);
  });
}

/** Most payload bytes that may be on their way. */
const MOST_BYTES_ON_THE_WAY = 4 * 1024 * 1024;

/** The windows to try for a payload: from 64 messages by fours, up to 4 MiB of payload on the way. */
export function windowsFor(payload: number): Window[] {
  const windows: Window[] = [];
  for (let window = 64; window <= 65_536 && window * payload <= MOST_BYTES_ON_THE_WAY; window *= 4) {
    windows.push({ window, batch: window / 4, restMs: 0 });
  }
  return windows.length > 0 ? windows : [{ window: 4, batch: 1, restMs: 0 }];
}
