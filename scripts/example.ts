import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { defaultPort, findChapters, ROOT } from './chapters.ts';
import { createNarrator, MASKED } from './narrator.ts';
import type { Example, Stage, StageServer } from './stage-types.ts';
import { explainArguments, parsePort, runCommand, UsageError } from './terminal.ts';

const HELP = `Runs an example against the broker of chapter 4.

  npm run example                      list the examples
  npm run example echo                 run one: against "npm run chapter 4" where that is up, else with its own broker
  npm run example echo -- --port 9000  against the broker that listens there (and -- --host for another address)
  npm run example echo -- --own        with its own broker in any case

DEBUG=leveret:* npm run example echo   shows every frame.`;

/** The chapter whose broker the examples talk to. */
const CHAPTER = 4;
const FOLDER = join(ROOT, 'chapters/04-full-protocol/examples');
const PROBE_MS = 500;

function findExamples(): string[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER)
    .filter((name) => /^[a-z][a-z0-9-]*\.ts$/.test(name))
    .map((name) => name.slice(0, -3));
}

/** The exported `name` of a file; undefined where it has none. */
async function loadExport(path: string, name: string): Promise<unknown> {
  const loaded: unknown = await import(pathToFileURL(path).href);
  return typeof loaded === 'object' && loaded !== null
    ? Object.entries(loaded).find(([key]) => key === name)?.[1]
    : undefined;
}

async function loadExample(name: string): Promise<Example> {
  const example = await loadExport(join(FOLDER, `${name}.ts`), 'example');
  if (example === undefined) throw new UsageError(`${name}.ts exports no example.`, 1);
  return example as Example;
}

/** True where something accepts connections on the port. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (up: boolean): void => {
      socket.destroy();
      resolve(up);
    };
    socket.setTimeout(PROBE_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

async function startOwnBroker(): Promise<StageServer> {
  const main = findChapters().find(({ number }) => number === CHAPTER)?.main;
  const stage = main === undefined ? undefined : await loadExport(main, 'stage');
  if (stage === undefined) throw new UsageError(`Chapter ${CHAPTER} has no stage to start: give --port.`, 1);
  return (stage as Stage).serve({ host: '127.0.0.1', port: 0 });
}

interface Options {
  readonly host: string;
  readonly port: string | undefined;
  readonly own: boolean;
}

/** The broker that the example is to talk to, and, where it is the example's own, how to end it. */
async function findBroker({ host, port, own }: Options): Promise<{ broker: StageServer; whose: string }> {
  const fixed = (number: number): StageServer => ({ host, port: number, close: () => Promise.resolve() });
  if (port !== undefined) {
    const number = parsePort(port);
    if (!(await answers(host, number))) {
      const advice = `start one with: npm run chapter ${CHAPTER} -- --port ${number}`;
      throw new UsageError(`No broker answers on ${host}:${number}; ${advice}`, 1);
    }
    return { broker: fixed(number), whose: `the broker on ${host}:${number}` };
  }
  if (!own && (await answers(host, defaultPort(CHAPTER)))) {
    return { broker: fixed(defaultPort(CHAPTER)), whose: `the broker on ${host}:${defaultPort(CHAPTER)}` };
  }
  const broker = await startOwnBroker();
  return { broker, whose: `a broker of its own on ${broker.host}:${MASKED ? '…' : broker.port}` };
}

async function run(name: string, options: Options): Promise<void> {
  const example = await loadExample(name);
  const { broker, whose } = await findBroker(options);
  console.log(`${pc.bold(pc.green(example.title))}\n${pc.dim(`with ${whose}`)}\n`);
  try {
    await example.run(
      broker,
      createNarrator((line) => console.log(line)),
    );
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new UsageError(`The example failed: ${reason}`, 1);
  } finally {
    await broker.close();
  }
}

async function list(): Promise<void> {
  const names = findExamples();
  if (names.length === 0) return console.log('There is no example here yet.');
  console.log('The examples:\n');
  for (const name of names) {
    const { title } = await loadExample(name);
    console.log(`  ${pc.bold(name.padEnd(14))} ${title}`);
  }
  console.log(`\nRun one: npm run example ${names[0]}`);
}

function readOptions(args: string[]): Options & { readonly names: string[]; readonly help: boolean } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        own: { type: 'boolean', default: false },
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string' },
      },
    });
    return { names: positionals, help: values.help, own: values.own, host: values.host, port: values.port };
  } catch (error) {
    throw explainArguments(error, 'npm run example -- --help');
  }
}

await runCommand(async () => {
  const { names, help, ...options } = readOptions(process.argv.slice(2));
  if (help) return console.log(HELP);
  const [name] = names;
  if (name === undefined) return await list();
  if (names.length > 1) throw new UsageError(`One example at a time, please: got ${names.join(' ')}.`);
  if (!findExamples().includes(name)) {
    throw new UsageError(
      `There is no example "${name}". There are: ${findExamples().join(', ') || 'none yet'}.`,
    );
  }
  await run(name, options);
});
