import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import pc from 'picocolors';
import { ROOT } from '../chapters.ts';

/** A step of the test run; resolves with a few words for its line, rejects with a {@link StepError}. */
export interface Step {
  readonly name: string;
  run(): Promise<string>;
}

/** A step that failed, with what is to be shown of it. */
export class StepError extends Error {
  readonly output: string;

  constructor(message: string, output = '') {
    super(message);
    this.name = 'StepError';
    this.output = output;
  }
}

/** What a program printed and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly output: string;
}

const MAX_LINES = 150;
const STEP_DEADLINE_MS = 300_000;
const WATCHDOG = new URL('./watchdog.ts', import.meta.url).href;

/** Node's arguments for running a TypeScript file of the project. */
export function nodeArguments(...args: string[]): string[] {
  return ['--import', 'tsx', ...args];
}

/** Node's arguments for running test files: each process that has one as its program is ended when it takes too long. */
export function testArguments(...args: string[]): string[] {
  return nodeArguments('--import', WATCHDOG, ...args);
}

/** Runs a program in the project's folder and collects what it prints. */
export function runProgram(
  program: string,
  args: readonly string[],
  deadlineMs = STEP_DEADLINE_MS,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    const deadline = setTimeout(() => {
      output += `\nnot done after ${deadlineMs / 1000} s: killed\n`;
      child.kill('SIGKILL');
    }, deadlineMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(deadline);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** A step that is one program: it passes when the program ends with 0. */
export function programStep(name: string, program: string, args: readonly string[], summary = ''): Step {
  return {
    name,
    async run() {
      const { code, output } = await runProgram(program, args);
      if (code !== 0)
        throw new StepError(`${[basename(program), ...args].join(' ')} ended with ${code}`, output);
      return summary;
    },
  };
}

/** Calls `work` for each item, at most `width` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** The first lines of a long output: what failed first is what matters. */
function shorten(output: string): string {
  const lines = output.trim().split('\n');
  if (lines.length <= MAX_LINES) return lines.join('\n');
  return [...lines.slice(0, MAX_LINES), `... and ${lines.length - MAX_LINES} more lines`].join('\n');
}

/** Runs the steps, `width` at a time, and prints a line for each with its duration; returns the names of those that failed. */
export async function runSteps(steps: readonly Step[], width: number): Promise<string[]> {
  const failed: string[] = [];
  await inParallel(steps, width, async ({ name, run }) => {
    const began = performance.now();
    const print = (mark: string, text: string): void => {
      const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(6);
      console.log(`${mark} ${name.padEnd(28)}${pc.dim(`${seconds} s`)}  ${text}`);
    };
    try {
      print(pc.green('✓'), await run());
    } catch (error) {
      failed.push(name);
      print(pc.red('✗'), pc.red(error instanceof Error ? error.message : String(error)));
      const detail =
        error instanceof StepError ? error.output : error instanceof Error ? (error.stack ?? '') : '';
      if (detail !== '') console.log(shorten(detail).replace(/^/gm, '    '));
    }
  });
  return failed;
}
