import { parseArgs } from 'node:util';
import fc from 'fast-check';
import pc from 'picocolors';
import { memoryInUse } from '../final/broker/test/fuzz/memory-in-use.ts';
import { anyCase, sameHoweverCut } from '../final/broker/test/fuzz/properties.ts';
import { anySocketCase, SocketFuzz } from '../final/broker/test/fuzz/sockets.ts';
import { Snapshots } from '../final/broker/test/snapshot.ts';
import { explainArguments, runCommand, UsageError } from './terminal.ts';

const HELP = `Throws random streams of bytes at the broker of final/, in memory and over TCP and WebSocket: good frames, spoilt ones, noise,
cut in several ways. It must give the same answers and come to the same end however a stream is cut, have no fault of
its own, serve a bystander, and keep no memory.

  npm run fuzz                          one minute, from a random seed
  npm run fuzz -- --minutes 10          longer
  npm run fuzz -- --seed 5 --rounds 1   the round of that seed again: what a failure prints`;

/** Streams in a round, of each kind. One round is one seed. */
const ROUND = { memory: 200, whole: 10, sockets: 100 };
const MiB = 1_048_576;
/** What may be in use more than after the first rounds, when everything is compiled and every pool is full. */
const MAX_GROWTH = 32 * MiB;
const WARM_UP_ROUNDS = 2;

interface Plan {
  readonly seed: number;
  readonly rounds: number;
  readonly endsAt: number;
}

function readPlan(): Plan | undefined {
  const options = {
    help: { type: 'boolean', short: 'h' },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    rounds: { type: 'string', default: 'Infinity' },
  } as const;
  try {
    const { values } = parseArgs({ options });
    if (values.help === true) return undefined;
    const read = (name: 'minutes' | 'seed' | 'rounds'): number => {
      const value = Number(values[name]);
      if (value >= 0) return value;
      throw new UsageError(`--${name} takes a number, not "${values[name]}": see npm run fuzz -- --help`);
    };
    const endsAt = performance.now() + read('minutes') * 60_000;
    return { seed: read('seed'), rounds: read('rounds'), endsAt };
  } catch (error) {
    throw explainArguments(error, 'npm run fuzz -- --help');
  }
}

/** One round: everything in it comes from its seed. */
async function runRound(seed: number, snapshots: Snapshots, sockets: SocketFuzz): Promise<void> {
  await fc.assert(
    fc.asyncProperty(anyCase, (each) => sameHoweverCut(each)),
    { numRuns: ROUND.memory, seed },
  );
  await fc.assert(
    fc.asyncProperty(anyCase, (each) => sameHoweverCut(each, snapshots)),
    { numRuns: ROUND.whole, seed: seed + 1 },
  );
  // A stream over a socket that fails is told as it is: a shorter one would meet another broker.
  await fc.assert(
    fc.asyncProperty(anySocketCase, (each) => sockets.run(each)),
    { numRuns: ROUND.sockets, seed, endOnFailure: true },
  );
  await sockets.check();
}

/** What the terminal shows: one line that is written over, or elsewhere a line from time to time. */
function showProgress(seed: number, rounds: number, began: number, inUse: number): void {
  const seconds = Math.round((performance.now() - began) / 1000);
  const streams = rounds * (ROUND.memory + ROUND.whole);
  const line = [
    `${seconds} s`,
    `${streams.toLocaleString('en-US')} streams, each cut in 4 ways`,
    `${(rounds * ROUND.sockets).toLocaleString('en-US')} over sockets`,
    `${(inUse / MiB).toFixed(0)} MiB in use`,
    `seed ${seed}`,
  ].join(pc.dim(' · '));
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${line}`);
  else if (rounds % 10 === 1) console.log(line);
}

function explainFailure(seed: number, error: unknown): UsageError {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const why = cause instanceof Error ? `${cause.message}\n\n` : '';
  return new UsageError(
    `\n${pc.red('Failed')}: ${why}${message}\n\nAgain: npm run fuzz -- --seed ${seed} --rounds 1`,
    1,
  );
}

async function fuzz({ seed: first, rounds, endsAt }: Plan): Promise<void> {
  const began = performance.now();
  const snapshots = new Snapshots();
  const sockets = await SocketFuzz.start();
  let round = 0;
  let baseline = Number.POSITIVE_INFINITY;
  // Nothing may end the process but this script.
  process.on('uncaughtException', (error) => {
    console.error(explainFailure(first + round, error).message);
    process.exit(1);
  });
  try {
    for (; round < rounds && (round === 0 || performance.now() < endsAt); round++) {
      const seed = first + round;
      try {
        await runRound(seed, snapshots, sockets);
      } catch (error) {
        throw explainFailure(seed, error);
      }
      const inUse = memoryInUse();
      showProgress(seed, round + 1, began, inUse);
      if (round < WARM_UP_ROUNDS) baseline = inUse;
      else if (inUse > baseline + MAX_GROWTH) {
        const growth = `${((inUse - baseline) / MiB).toFixed(0)} MiB`;
        throw explainFailure(first, new Error(`memory in use has grown by ${growth} in ${round + 1} rounds`));
      }
    }
    await sockets.close();
  } finally {
    snapshots.close();
    await sockets.broker.close(0);
  }
  console.log(`\n${pc.green('Nothing found')} in ${round} rounds from seed ${first}.`);
}

await runCommand(async () => {
  const plan = readPlan();
  if (plan === undefined) return console.log(HELP);
  await fuzz(plan);
});
