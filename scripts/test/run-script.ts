import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { ROOT } from '../chapters.ts';

/** What a command of the course printed, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<Ended>;
  /** Resolves when the text that was printed so far matches; rejects when the command ends without. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts `scripts/NAME.ts`, as `npm run NAME` does, without colours and debug output; ends it with the signal. */
export function startScript(name: string, args: readonly string[], signal: AbortSignal): Running {
  const { DEBUG: _debug, FORCE_COLOR: _colour, npm_lifecycle_event: _npm, ...rest } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', `scripts/${name}.ts`, ...args], {
    cwd: ROOT,
    env: { ...rest, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  signal.addEventListener('abort', () => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]): Ended => ({ code, stdout, stderr }));
  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(stdout);
        if (found !== null) resolve(found);
      };
      child.stdout.on('data', look);
      look();
      ended.then(() => reject(new Error(`ended without ${pattern}:\n${stdout}${stderr}`)), reject);
    });
  return { child, ended, printed };
}

/** Runs `scripts/NAME.ts` to its end. */
export function runScript(name: string, args: readonly string[], signal: AbortSignal): Promise<Ended> {
  return startScript(name, args, signal).ended;
}
