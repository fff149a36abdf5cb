import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Bench, benchOptions, numbers, seconds } from './bench-module.ts';
import { TOPIC } from './load/adapter.ts';
import type { Window } from './load/closed-loop.ts';
import type { LoadResult } from './load/generator.ts';
import { runLoad, windowsFor } from './load/run-load.ts';
import { Report } from './report.ts';
import { type BenchServer, serverKind, withServer } from './servers.ts';
import { figure, median, ratio } from './table.ts';

type Policy = 'disconnect' | 'skip' | 'block';

/** The chapters' brokers know but one policy, and no option of that name. */
function policiesOf(server: string): readonly Policy[] {
  return server.startsWith('final') ? ['disconnect', 'skip', 'block'] : ['disconnect'];
}

const MAX_LAG_BYTES = 32 * 1024 * 1024;
/** What a broker may take beside the lag that it is told to hold. */
const ALLOWANCE = 64e6;
const RATE_GOAL = 0.95;

interface Options {
  readonly server: string;
  readonly subscribers: number;
  readonly payload: number;
  readonly seconds: number;
  readonly rounds: number;
}

/** Fork a script of the load folder and wait for its first message. */
async function startHelper(script: string, args: readonly string[]): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL(`./load/${script}`, import.meta.url)), args, {
    execArgv: ['--import', 'tsx'],
  });
  await once(child, 'message');
  return child;
}

async function endHelper(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/**
 * The others' load, with or without a subscriber that is stopped. It is stopped when the measured phase begins, so
 * that reaching its limit is part of what is measured. Under `block` the topic of a stopped subscriber stands still by
 * design; there the stopped subscriber has a topic and a flooding publisher of its own, blocked before the others' load
 * begins, and what is asked is whether the rest of the broker goes on.
 */
async function measure(policy: Policy, stalled: boolean, windows: readonly Window[], options: Options) {
  const maxLagBytes = MAX_LAG_BYTES;
  const limits = policy === 'disconnect' ? { maxLagBytes } : { maxLagBytes, slowPolicy: policy };
  const helpers: ChildProcess[] = [];
  const load = async ({ host, port, pid }: BenchServer) => {
    const topic = policy === 'block' ? 'stalled' : TOPIC;
    const sleeper = stalled ? await startHelper('stalled-subscriber.ts', [`${port}`, topic]) : undefined;
    if (sleeper) helpers.push(sleeper);
    if (sleeper && policy === 'block') {
      sleeper.kill('SIGSTOP');
      helpers.push(await startHelper('flood.ts', [`${port}`, topic, `${options.payload}`]));
    }
    return await runLoad(
      {
        adapter: 'leveret',
        host,
        port,
        pid,
        subscribers: options.subscribers,
        payload: options.payload,
        windows,
        trialMs: 400,
        warmUpMs: 500,
        measureMs: options.seconds * 1000,
      },
      () => sleeper?.kill('SIGSTOP'),
    );
  };
  try {
    return await withServer(serverKind(options.server), load, limits);
  } finally {
    await Promise.all(helpers.map(endHelper));
  }
}

async function run(args: string[]): Promise<void> {
  const { quick, record, values } = benchOptions(args, [
    'server',
    'subscribers',
    'payload',
    'seconds',
    'rounds',
  ]);
  const options: Options = {
    server: values.server ?? 'chapter-6',
    subscribers: numbers('subscribers', values.subscribers ?? '100')[0] ?? 100,
    payload: numbers('payload', values.payload ?? '64')[0] ?? 64,
    seconds: seconds('seconds', values.seconds ?? (quick ? '2' : '6')),
    rounds: numbers('rounds', values.rounds ?? (quick ? '1' : '3'))[0] ?? 1,
  };
  const report = new Report('stalled', { record });
  report.text(
    `The fan-out of ${options.server} to ${options.subscribers} subscribers, ${options.payload} bytes, and one more subscriber ` +
      'in a process of its own that is stopped by SIGSTOP when the measuring begins. Limit of its lag: 32 MiB. It is disconnected there; ' +
      '`final` can also skip, or block the publisher. Under `block` the stopped subscriber has a topic of its own, with a ' +
      'publisher that floods it until it is blocked: the topic of a blocked publisher stands still by design, all others must ' +
      'not. Rounds with and without it take turns.',
  );
  const rows: string[][] = [];
  let reached = true;
  for (const policy of policiesOf(options.server)) {
    const without: LoadResult[] = [];
    const withOne: LoadResult[] = [];
    let windows: readonly Window[] = windowsFor(options.payload);
    for (let round = 0; round < options.rounds; round++) {
      const result = await measure(policy, false, windows, options);
      windows = [result.window];
      without.push(result);
      withOne.push(await measure(policy, true, windows, options));
    }
    const rate = (results: readonly LoadResult[]) =>
      median(results.map((each) => each.deliveries / each.seconds));
    const peak = (results: readonly LoadResult[]) =>
      Math.max(...results.map((each) => each.peakResidentBytes));
    const lost = withOne.reduce((sum, each) => sum + each.lost, 0);
    const allowed = peak(without) + MAX_LAG_BYTES + ALLOWANCE;
    const good = rate(withOne) >= RATE_GOAL * rate(without) && peak(withOne) <= allowed && lost === 0;
    reached &&= good;
    rows.push([
      policy,
      figure(rate(without) / 1e6),
      figure(rate(withOne) / 1e6),
      ratio(rate(withOne), rate(without)),
      figure(peak(without) / 1e6),
      figure(peak(withOne) / 1e6),
      figure(allowed / 1e6),
      `${lost}`,
    ]);
    for (const { fault } of [...without, ...withOne]) if (fault) report.text(`${policy}: ${fault}`);
  }
  report.table({
    columns: [
      'policy',
      'M/s without',
      'M/s with',
      'ratio',
      'MB without',
      'MB with',
      'MB allowed',
      "others' lost",
    ],
    rows,
  });
  report.text(
    `Goal, the others keep 95 % of their rate, lose nothing, and memory stays under baseline + limit + 64 MB: ${reached ? 'reached' : 'MISSED'}.`,
  );
  await report.save();
}

export const bench: Bench = {
  name: 'stalled',
  summary:
    'the fan-out with one subscriber that is stopped, under each policy that the server has: rate of the others, memory',
  options: ['--server chapter-6 (or final)   --subscribers 100   --payload 64   --seconds 6   --rounds 3'],
  run,
};
