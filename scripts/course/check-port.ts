import pc from 'picocolors';
import type { Chapter } from '../chapters.ts';
import type { PortCheck } from '../stage-types.ts';
import { type Program, readPortChecks, runningProgram, startProgram } from './external.ts';

/** A check that is not done after so many milliseconds has failed, whatever it waits for. */
const DEADLINE_MS = 20_000;

/** The program to check: one that listens on a port, or a command that starts one on `{port}`. */
export type Target = { readonly port: number } | { readonly command: string };

/**
 * Checks a program in any language over its port, and prints a line for each check.
 *
 * @param all - go on behind a check that failed
 * @returns the number of checks that failed
 * @throws UsageError when the program cannot be reached or started
 */
export async function checkPort(chapter: Chapter, target: Target, all: boolean): Promise<number> {
  const { checks, freshProcesses } = await readPortChecks(chapter);
  const isFresh = freshProcesses && 'command' in target;
  const open = (): Promise<Program> =>
    'command' in target ? startProgram(target.command) : runningProgram(target.port);
  const name = 'command' in target ? target.command : `the program on port ${target.port}`;
  console.log(`${pc.bold(`Chapter ${chapter.number}`)}: ${name}\n`);
  let program = isFresh ? undefined : await open();
  let passed = 0;
  let failed = 0;
  // The program is in a group of its own, so a Ctrl-C reaches this process alone.
  const stop = (): void => {
    void (program?.end() ?? Promise.resolve()).finally(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    for (const check of checks) {
      program ??= await open();
      const failure = await play(check, program, isFresh);
      console.log(`  ${failure === undefined ? pc.green('✓') : pc.red('✗')} ${check.title}`);
      if (failure === undefined) passed += 1;
      else {
        failed += 1;
        explain(chapter, check, failure, program);
        if (!all || program.ending !== undefined) break;
      }
      if (!isFresh) continue;
      await program.end();
      program = undefined;
    }
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    await program?.end();
  }
  if (failed === 0) console.log(pc.green(`\nAll ${passed} checks passed.`));
  else console.log(pc.dim(`${passed} of ${checks.length} checks passed`));
  return failed;
}

/** Plays one check; resolves with what is wrong, or with nothing. */
async function play(check: PortCheck, program: Program, isFresh: boolean): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${DEADLINE_MS / 1_000} s`)), DEADLINE_MS);
  });
  try {
    const { host, port } = program;
    await Promise.race([check.play({ host, port, isFresh }), late]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}

function explain(chapter: Chapter, { step }: PortCheck, failure: string, program: Program): void {
  const [first = '', ...more] = failure.split('\n');
  const lines = [pc.red(first), ...more];
  if (program.ending !== undefined) lines.push(pc.red(`the program is gone: ${program.ending}`));
  if (program.printed.length > 0) lines.push('it printed:', ...program.printed.map((line) => `  ${line}`));
  lines.push(pc.dim(`lesson: ${chapter.path}/README.md, step ${step}`));
  lines.push(pc.dim(`see the bytes: npm run xray -- PORT --plain`));
  for (const line of ['', ...lines, '']) console.log(line === '' ? '' : `      ${line}`);
}
