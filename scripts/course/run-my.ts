import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { type Chapter, ROOT } from '../chapters.ts';
import { findBelow } from '../lessons/check.ts';
import { UsageError } from '../terminal.ts';
import { conditionsOf, describeCode, myFolder, readersChapters } from './reader-code.ts';
import { NOT_WRITTEN } from './starter.ts';

const MARK = 'LEVERET_RUNS_MY';

/** Whether this process was started by {@link runOnReadersCode}. */
export function runsReadersCode(): boolean {
  return process.env[MARK] !== undefined;
}

/**
 * Runs this command once more, so that the doors lead to the reader's code: Node takes that only from its command line.
 *
 * @throws UsageError when there is no such code, or a step of it is not written yet
 */
export async function runOnReadersCode(chapter: Chapter): Promise<void> {
  const readers = readersChapters(chapter);
  const missing = readers.flatMap((each) => stepsNotWritten(each));
  if (missing.length > 0) {
    const steps = missing.length === 1 ? `step ${missing[0]} is` : `steps ${missing.join(', ')} are`;
    throw new UsageError(
      `Not yet: ${steps} not written. See npm run check ${Number(missing[0]?.split('.')[0])}`,
      1,
    );
  }
  console.log(pc.dim(`This is ${describeCode(chapter, readers)}.`));
  const options = `${process.env.NODE_OPTIONS ?? ''} ${conditionsOf(readers)}`.trim();
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, NODE_OPTIONS: options, [MARK]: '1' },
    stdio: 'inherit',
  });
  // A terminal tells both; whoever ends only this process means the other one too.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** The steps whose starter is still there. */
function stepsNotWritten(chapter: Chapter): string[] {
  const steps = new Set<string>();
  for (const path of findBelow(ROOT, myFolder(chapter), '.ts')) {
    const text = readFileSync(join(ROOT, path), 'utf8');
    for (const [, step = ''] of text.matchAll(new RegExp(NOT_WRITTEN, 'g'))) steps.add(step);
  }
  return [...steps].sort((a, b) => Number(a.split('.')[1]) - Number(b.split('.')[1]));
}
