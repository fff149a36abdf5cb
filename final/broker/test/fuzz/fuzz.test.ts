/** The short form of `npm run fuzz`: the same seeds each time. */
// deadline: 120 s
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { errorName } from '#protocol';
import { Snapshots } from '../snapshot.ts';
import { memoryInUse } from './memory-in-use.ts';
import { play } from './play.ts';
import { anyCase, sameHoweverCut } from './properties.ts';
import { anySocketCase, SocketFuzz } from './sockets.ts';

const MiB = 1_048_576;
const SEED = 8;

test('250 random streams, each cut in four ways: the same answers, the same end, no fault, a bystander is served', async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, (each) => sameHoweverCut(each)),
    { numRuns: 250, seed: SEED },
  );
});

test('40 random streams, cut in three ways, leave the whole state of the broker the same', async () => {
  const snapshots = new Snapshots();
  try {
    await fc.assert(
      fc.asyncProperty(anyCase, (each) => sameHoweverCut(each, snapshots)),
      { numRuns: 40, seed: SEED + 1 },
    );
  } finally {
    snapshots.close();
  }
});

test('300 random streams over TCP and WebSocket: the broker stands, a bystander is served, nothing is left', async () => {
  const fuzz = await SocketFuzz.start();
  try {
    await fc.assert(
      fc.asyncProperty(anySocketCase, (each) => fuzz.run(each)),
      { numRuns: 300, seed: SEED },
    );
    await fuzz.check();
  } finally {
    await fuzz.close();
  }
});

test('300 streams later no more memory is in use', async () => {
  const streams = fc.sample(anyCase, { numRuns: 300, seed: SEED + 2 });
  const run = async (): Promise<void> => {
    for (const { stream } of streams) await play([stream], 'one turn', undefined);
  };
  // What is kept for later is taken in the first rounds, by the engine too; a leak grows in every round.
  let growth = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6 && growth >= 8 * MiB; round++) {
    const before = memoryInUse();
    await run();
    growth = memoryInUse() - before;
  }
  assert.ok(growth < 8 * MiB, `300 streams left ${(growth / MiB).toFixed(1)} MiB behind, round after round`);
});

test('the streams are worth it: they reach every answer and most errors', async () => {
  const reached = new Set<string>();
  for (const { stream } of fc.sample(anyCase, { numRuns: 300, seed: SEED })) {
    const { said } = await play([stream], 'one turn', undefined);
    for (const each of said) reached.add(/^(ERROR \w+|\w+)/.exec(each)?.[0] ?? '');
  }
  const missing = [...ANSWERS, ...ERRORS.map((name) => `ERROR ${name}`)].filter((each) => !reached.has(each));
  assert.deepEqual(missing, [], 'no stream reaches these');
});

const ANSWERS = ['WELCOME', 'OK', 'PUBLISHED', 'MESSAGES', 'PONG', 'LAG', 'CLOSING'];

/** Every error but those of time, load, and tokens. */
const ERRORS = Array.from({ length: 64 }, (_, code) => errorName(code)).filter(
  (name) =>
    name !== undefined && !['TIMEOUT', 'SLOW', 'FULL', 'SHUTDOWN', 'INTERNAL', 'LIMIT'].includes(name),
);
