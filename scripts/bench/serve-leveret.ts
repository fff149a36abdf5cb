/**
 * Serves one of the course's brokers for a benchmark, as a process of its own:
 *
 *   node --expose-gc --import tsx scripts/bench/serve-leveret.ts chapter-6 '{"maxLagMessages":100000}'
 *
 * The JSON is handed to the broker as its options. Tells its parent `{ port }`, or `{ missing }` where that part of
 * the course is not there; answers the message `'memory'` with `process.memoryUsage()` after a collection.
 */
import process from 'node:process';

/** Where each broker comes from: a door or a file, and the function that starts it. */
const BROKERS = new Map([
  ['chapter-4', { from: '#protocol/broker', start: 'startBroker' }],
  ['chapter-6', { from: '#log/broker', start: 'startLogBroker' }],
  ['final', { from: '../../final/index.ts', start: 'createBroker' }],
]);

/** Load that comes from one address, on purpose: limits on what a stranger may open do not fit a benchmark. */
const BENCH_OPTIONS = { host: '127.0.0.1', port: 0 };

interface Started {
  readonly port: number;
}

async function serve(name: string, options: object): Promise<void> {
  const broker = BROKERS.get(name);
  if (!broker) throw new RangeError(`no broker is called "${name}": ${[...BROKERS.keys()].join(', ')}`);
  let door: Record<string, unknown>;
  try {
    door = await import(broker.from);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    process.send?.({ missing: `${broker.from} is not there` });
    process.disconnect();
    return;
  }
  const start = door[broker.start];
  if (typeof start !== 'function') {
    process.send?.({ missing: `${broker.from} has no ${broker.start}` });
    process.disconnect();
    return;
  }
  const { port }: Started = await start({ ...BENCH_OPTIONS, ...options });
  process.on('message', (message) => {
    if (message !== 'memory') return;
    globalThis.gc?.();
    process.send?.({ memory: process.memoryUsage() });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ port });
}

await serve(process.argv[2] ?? 'chapter-4', JSON.parse(process.argv[3] ?? '{}'));
