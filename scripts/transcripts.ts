import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './chapters.ts';

const DEADLINE_MS = 60_000;

/**
 * Runs `npm run chapter N -- --once` with values that differ from run to run masked, and gives what it printed.
 *
 * @throws Error when the stage fails, writes to standard error, or is not done within a minute.
 */
export function takeTranscript(chapter: number): Promise<string> {
  const args = ['--import', 'tsx', join(ROOT, 'scripts/chapter.ts'), String(chapter), '--once'];
  const { DEBUG: _debug, FORCE_COLOR: _colour, ...rest } = process.env;
  const env = { ...rest, LEVERET_TRANSCRIPT: '1', NO_COLOR: '1' };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk;
    });
    const deadline = setTimeout(() => {
      errors += `not done after ${DEADLINE_MS / 1000} s`;
      child.kill('SIGKILL');
    }, DEADLINE_MS);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(deadline);
      if (code === 0 && errors === '') resolve(output);
      else reject(new Error(`chapter ${chapter} --once ended with ${code}:\n${output}${errors}`));
    });
  });
}
