import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type Chapter, ROOT } from '../chapters.ts';
import type { PortChecks } from '../stage-types.ts';
import { UsageError } from '../terminal.ts';

const HOST = '127.0.0.1';
/** How long a program may take until it accepts a connection, in milliseconds. */
const START_MS = 15_000;
/** How long a program may take to end when it is asked to, before it is ended. */
const END_MS = 1_000;
/** How much of what a program printed is kept. */
const KEPT_CHARACTERS = 4_000;

/**
 * The checks of a chapter that know a program by its port alone.
 *
 * @throws UsageError when the chapter has none
 */
export async function readPortChecks(chapter: Chapter, root = ROOT): Promise<PortChecks> {
  const file = join(root, chapter.path, 'any-language', 'checks.ts');
  if (!existsSync(file)) {
    throw new UsageError(
      `Chapter ${chapter.number} has no checks for programs in other languages: leave --cmd and --port out.`,
    );
  }
  return ((await import(pathToFileURL(file).href)) as { checks: PortChecks }).checks;
}

/** A program in any language that listens on a port, as a process of its own or as one that is running already. */
export interface Program {
  readonly host: string;
  readonly port: number;
  /** The last lines that it printed. */
  readonly printed: readonly string[];
  /** How it ended, if it has: `it ended with 1`. */
  readonly ending: string | undefined;
  /** Ends the process, by its id. */
  end(): Promise<void>;
}

/**
 * A program that somebody else has started.
 *
 * @throws UsageError when nobody listens on the port
 */
export async function runningProgram(port: number): Promise<Program> {
  if (!(await accepts(port))) {
    throw new UsageError(
      `Nobody listens on ${HOST} port ${port}: start your program first, or give its port.`,
      1,
    );
  }
  return { host: HOST, port, printed: [], ending: undefined, end: async () => {} };
}

/**
 * Starts a program on a free port, and waits until it accepts connections. `{port}` in the command stands for the port; it is in
 * the environment too, as `PORT`.
 *
 * @throws UsageError when it ends before, or never listens
 */
export async function startProgram(command: string, startMs = START_MS): Promise<Program> {
  const port = await freePort();
  const isWindows = process.platform === 'win32';
  const child = spawn(command.replaceAll('{port}', String(port)), {
    shell: true,
    // A group of its own: the shell may have started the program as a child, and both are ended.
    detached: !isWindows,
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text = (text + more).slice(-KEPT_CHARACTERS);
    });
  }
  let ending: string | undefined;
  child.once('error', ({ message }) => {
    ending ??= `it could not be started: ${message}`;
  });
  child.once('exit', (code, signal) => {
    ending ??= signal === null ? `it ended with ${code}` : `it was ended by ${signal}`;
  });
  const program: Program = {
    host: HOST,
    port,
    get printed() {
      return text.trim() === '' ? [] : text.trimEnd().split('\n').slice(-8);
    },
    get ending() {
      return ending;
    },
    end: () => endProcess(child),
  };
  const from = performance.now();
  while (!(await accepts(port))) {
    const late = performance.now() - from > startMs;
    if (ending === undefined && !late) {
      await delay(20);
      continue;
    }
    await program.end();
    const reason =
      ending ?? `it does not accept connections on ${HOST} port ${port} after ${startMs / 1_000} s`;
    const hint = command.includes('{port}')
      ? ''
      : '\nThe command has no {port}, so its port must come from PORT.';
    throw new UsageError([`${command}\n${reason}`, ...program.printed].join('\n  ') + hint, 1);
  }
  return program;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    const settle = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

/** A port that nobody has just now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: HOST, port: 0 }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Asks the process and those that it started to end, and ends them when they do not. */
async function endProcess(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' });
    return ended;
  }
  const signal = (name: NodeJS.Signals): void => {
    try {
      // Below 0: the group that the process leads.
      process.kill(-pid, name);
    } catch {
      // It has ended by itself.
    }
  };
  signal('SIGTERM');
  const timer = setTimeout(() => signal('SIGKILL'), END_MS);
  await ended;
  clearTimeout(timer);
}
