import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Chapter, ROOT } from '../chapters.ts';
import { testArguments } from '../test-runner/steps.ts';
import { type Failure, readFailure } from './failure.ts';
import { conditionsOf } from './reader-code.ts';
import type { CourseStep } from './steps.ts';

/** What one test file may take, in seconds, where it is not told otherwise. */
const DEADLINE_S = 10;
const REPORTER = new URL('./grade-reporter.ts', import.meta.url).href;

/**
 * Runs the tests of a step on the reader's code; resolves with the first failure, or with nothing.
 *
 * @param deadlineS - what one test file may take before its process is ended, in seconds
 */
export async function gradeStep(
  chapter: Chapter,
  step: CourseStep,
  readers: readonly Chapter[],
  signal: AbortSignal,
  root = ROOT,
  deadlineS = DEADLINE_S,
): Promise<Failure | undefined> {
  for (const check of step.checks) {
    const path = join(root, chapter.path, 'test', check);
    const failure = await gradeFile(path, readers, signal, root, deadlineS);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

async function gradeFile(
  path: string,
  readers: readonly Chapter[],
  signal: AbortSignal,
  root: string,
  deadlineS: number,
): Promise<Failure | undefined> {
  // Where the check is itself run by a test, this would make node:test speak to that test's runner and not to our reporter.
  const { NODE_TEST_CONTEXT: _within, ...env } = process.env;
  const reporter = path.endsWith('.test.ts') ? [`--test-reporter=${REPORTER}`] : [];
  const child = spawn(process.execPath, testArguments(...reporter, path), {
    cwd: root,
    env: {
      ...env,
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      LEVERET_DEADLINE_S: String(deadlineS),
      // Here, and not on the command line: a test may start a program that must get the reader's code too.
      NODE_OPTIONS: `${env.NODE_OPTIONS ?? ''} ${conditionsOf(readers)}`.trim(),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', end, { once: true });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = keep(stdout, text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = keep(stderr, text);
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (value) => resolve(value ?? 1));
  });
  signal.removeEventListener('abort', end);
  return code === 0 ? undefined : readFailure(path, { stdout, stderr }, root);
}

/** Code that prints in an endless loop must not fill the memory. */
function keep(text: string, more: string): string {
  return text.length > 1_000_000 ? text : text + more;
}
