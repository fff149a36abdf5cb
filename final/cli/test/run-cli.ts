/** Runs the real command line in processes of its own. */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Node's arguments that run the command line from source. */
export const CLI: readonly string[] = [
  '--import',
  import.meta.resolve('tsx'),
  join(ROOT, 'final/cli/main.ts'),
];

/** What a command printed, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<Ended>;
  /** Resolves when what was printed so far, on stdout or stderr, matches; rejects when the command ends without. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** What stands on stdout so far. */
  stdout(): string;
  kill(signal: NodeJS.Signals): void;
}

/** How to run a command. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands on its input; nothing if left out. */
  readonly input?: string | Buffer;
  readonly cwd?: string;
  /** Leaves the input open. */
  readonly open?: boolean;
  /** The program to run as `leveret`; the sources if left out. */
  readonly program?: string;
}

/** The environment without anything that would change what a command does. */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(LEVERET_|DEBUG$|FORCE_COLOR$|npm_lifecycle_event$|NODE_TEST_CONTEXT$)/.test(name),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: '1', ...more };
}

/** Starts a program; it is killed with the test. */
export function start(
  t: TestContext,
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Running {
  const { env = {}, input, cwd = ROOT, open = false } = options;
  const child = spawn(file, args, { cwd, env: cleanEnvironment(env), stdio: ['pipe', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  if (!open) child.stdin.end(input);
  const ended = once(child, 'close').then(([code]): Ended => ({ code, stdout, stderr }));
  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(stdout) ?? pattern.exec(stderr);
        if (found === null) return;
        child.stdout.off('data', look);
        child.stderr.off('data', look);
        resolve(found);
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      look();
      ended.then(() => reject(new Error(`ended without ${pattern}:\n${stdout}${stderr}`)), reject);
    });
  return { child, ended, printed, stdout: () => stdout, kill: (signal) => child.kill(signal) };
}

/** Starts `leveret ...args`. */
export function startCli(t: TestContext, args: readonly string[], options: RunOptions = {}): Running {
  const { program } = options;
  return program === undefined
    ? start(t, process.execPath, [...CLI, ...args], options)
    : start(t, program, args, options);
}

/** Runs `leveret ...args` to its end. */
export function runCli(t: TestContext, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return startCli(t, args, options).ended;
}

/** A folder that goes with the test. */
export function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'leveret-cli-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A broker in a process of its own, and where it is. */
export interface Served extends Running {
  readonly url: string;
  readonly port: number;
  readonly http: string | undefined;
  /** Port of the listener of a type. */
  portOf(type: 'tcp' | 'tls' | 'ws' | 'wss'): number;
}

/** Runs `leveret serve` on a free port. */
export async function serve(
  t: TestContext,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Served> {
  const file = join(folderFor(t), 'ready.json');
  const running = startCli(t, ['serve', '--port', '0', '--ready-file', file, ...args], options);
  await running.printed(/listening at .*\n/);
  const ready = JSON.parse(readFileSync(file, 'utf8')) as {
    addresses: { type: string; host: string; port: number }[];
    http?: string;
  };
  const portOf = (type: string): number => {
    const address = ready.addresses.find((each) => each.type === type);
    assert.ok(address, `a listener of type ${type}`);
    return address.port;
  };
  const port = portOf('tcp');
  return { ...running, url: `leveret://127.0.0.1:${port}`, port, http: ready.http, portOf };
}
