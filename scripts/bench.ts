import { readdir, readFile } from 'node:fs/promises';
import process from 'node:process';
import pc from 'picocolors';
import type { Bench } from './bench/bench-module.ts';
import { runCommand, UsageError } from './terminal.ts';

const FOLDER = new URL('./bench/', import.meta.url);
const DEFAULT = 'fan-out';

const HELP = `Measures. Every bench prints its own method, figures and ratios; see docs/benchmarks.md.

  npm run bench                         list the benches and run ${DEFAULT}
  npm run bench -- NAME [options]       run one
  npm run bench -- NAME --quick         fewer and shorter rounds, for a first look
  npm run bench -- NAME --record        write the figures, with date and machine, into docs/benchmarks.md
  npm run bench -- --help               this text, and every bench with its options

The other brokers (nats-server, redis-server, mosquitto) are installed from Debian's packages where they are missing.`;

/** Files of the folder that are benches say so in their text; the others are parts, and some of them processes. */
async function benchNames(): Promise<string[]> {
  const names: string[] = [];
  for (const file of (await readdir(FOLDER)).sort()) {
    if (!file.endsWith('.ts')) continue;
    if (/^export const bench\b/m.test(await readFile(new URL(file, FOLDER), 'utf8')))
      names.push(file.slice(0, -3));
  }
  return names;
}

async function load(name: string): Promise<Bench> {
  const { bench }: { bench: Bench } = await import(new URL(`${name}.ts`, FOLDER).href);
  return bench;
}

function list(benches: readonly Bench[], withOptions: boolean): string {
  const width = Math.max(...benches.map(({ name }) => name.length));
  return benches
    .flatMap(({ name, summary, options = [] }) => [
      `  ${pc.bold(name.padEnd(width))}  ${summary}`,
      ...(withOptions ? options.map((option) => `  ${' '.repeat(width)}    ${pc.dim(option)}`) : []),
    ])
    .join('\n');
}

async function main(): Promise<void> {
  const [first, ...rest] = process.argv.slice(2);
  const names = await benchNames();
  if (first === '--help' || first === '-h' || rest.includes('--help')) {
    process.stdout.write(`${HELP}\n\n${list(await Promise.all(names.map(load)), true)}\n`);
    return;
  }
  const named = first !== undefined && !first.startsWith('-');
  const name = named ? first : DEFAULT;
  if (!names.includes(name))
    throw new UsageError(`No bench is called "${name}". There are: ${names.join(', ')}`);
  if (first === undefined) process.stdout.write(`${list(await Promise.all(names.map(load)), false)}\n\n`);
  const bench = await load(name);
  process.stdout.write(`${pc.bold(bench.name)}: ${bench.summary}\n`);
  await bench.run(named || first === undefined ? rest : [first, ...rest]);
}

await runCommand(main);
