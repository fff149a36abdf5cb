/**
 * The load generator: a process of its own, told what to do by one message from the bench, answering with one.
 * A fresh process for each run keeps the measured loop free of what an earlier system taught the compiler.
 */
import process from 'node:process';
import { ProcessWatch } from '../process-metrics.ts';
import { type AdapterName, adapters } from './adapters.ts';
import { ClosedLoop, type PhaseResult, type Window } from './closed-loop.ts';
import { openConnection, openMany } from './connection.ts';

/** What the bench asks for. */
export interface LoadJob {
  readonly adapter: AdapterName;
  readonly host: string;
  readonly port: number;
  /** The broker's process: its processor time and memory are read at the phase's own edges. */
  readonly pid: number;
  readonly subscribers: number;
  /** Bytes of a payload. */
  readonly payload: number;
  /** Tried in this order, each for `trialMs`; the best one is measured. A single one is taken as it is. */
  readonly windows: readonly Window[];
  readonly trialMs: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What came of it. */
export interface LoadResult extends PhaseResult {
  readonly window: Window;
  /** Processor time of the broker and of this generator over the measured phase, in seconds. */
  readonly brokerCpuSeconds: number;
  readonly generatorCpuSeconds: number;
  /** How long both were ready to run but had no core, in seconds. */
  readonly waitedSeconds: number;
  readonly peakResidentBytes: number;
}

async function load(job: LoadJob): Promise<LoadResult> {
  const adapter = adapters[job.adapter];
  const payload = Buffer.alloc(job.payload, 'x');
  const subscribers = await openMany(job.subscribers, (index) =>
    openConnection(job, adapter, 'subscriber', index),
  );
  const publisher = await openConnection(job, adapter, 'publisher');
  publisher.onChunk = (bytes, length) => {
    const answer = adapter.answer(bytes, length);
    if (answer) publisher.write(answer);
  };
  const counters = subscribers.map((subscriber) =>
    adapter.counter(job.payload, (bytes) => subscriber.write(bytes)),
  );
  const loop = new ClosedLoop(publisher, subscribers, counters);
  const phase = (window: Window, milliseconds: number) =>
    loop.run(adapter.publishes(payload, window.batch), window, milliseconds);

  const window = await bestWindow(job, phase);
  await phase(window, job.warmUpMs);
  process.send?.({ measuring: true });
  const watch = new ProcessWatch(job.pid);
  const ownWatch = new ProcessWatch(process.pid);
  const ownCpu = process.cpuUsage();
  const result = await phase(window, job.measureMs);
  const own = process.cpuUsage(ownCpu);
  const broker = watch.stop();
  const waitedSeconds = broker.waitedSeconds + ownWatch.stop().waitedSeconds;
  for (const connection of [publisher, ...subscribers]) connection.close();
  return {
    ...result,
    window,
    brokerCpuSeconds: broker.cpuSeconds,
    generatorCpuSeconds: (own.user + own.system) / 1e6,
    waitedSeconds,
    peakResidentBytes: broker.peakResidentBytes,
  };
}

/**
 * Wider and wider windows, until two in a row are clearly worse than the best so far, or one is so wide that a broker
 * of the rate seen would need over a second to empty it; then the best one again with rests between the reads.
 */
async function bestWindow(job: LoadJob, phase: (window: Window, ms: number) => Promise<PhaseResult>) {
  const [first, ...wider] = job.windows;
  if (!first) throw new RangeError('no window to try');
  if (wider.length === 0) return first;
  await phase(first, job.warmUpMs);
  let best = first;
  let bestRate = 0;
  const attempt = async (window: Window) => {
    const { published, seconds, fault } = await phase(window, job.trialMs);
    const rate = fault ? 0 : published / seconds;
    const isWorse = rate < bestRate * 0.9;
    if (rate > bestRate) {
      best = window;
      bestRate = rate;
    }
    return isWorse;
  };
  let worse = 0;
  for (const window of job.windows) {
    if (bestRate > 0 && window.window / bestRate > 1) break;
    worse = (await attempt(window)) ? worse + 1 : 0;
    if (worse === 2) break;
  }
  await attempt({ ...best, restMs: 1 });
  return best;
}

process.once('message', (job: LoadJob) => {
  load(job).then(
    (result) => process.send?.({ result }, () => process.disconnect()),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? error.message : String(error) }, () =>
        process.disconnect(),
      ),
  );
});
