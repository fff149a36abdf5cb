/** Small things that every command of the course needs: options, clear endings, signals. */

/** A mistake of the person at the keyboard: one line, and an exit code. */
export class UsageError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 2) {
    super(message);
    this.name = 'UsageError';
    this.exitCode = exitCode;
  }
}

/** The `code` of an error, where it has one. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** What `parseArgs` of node:util has to say, as a usage error that points to the help. */
export function explainArguments(error: unknown, help: string): UsageError {
  if (error instanceof UsageError) return error;
  const reason = error instanceof Error ? error.message.split(/[.'] To specify/)[0] : String(error);
  return new UsageError(`${reason}: see ${help}`);
}

/** A port from the command line: a whole number from 0 (any free port) to 65535. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new UsageError(`--port takes a number from 0 to 65535, not "${text}".`);
  }
  return port;
}

/** Turns "this port cannot be had" into one line that says so and what to do; other errors pass as they are. */
export function explainListenError(error: unknown, host: string, port: number, again: string): unknown {
  const code = codeOf(error);
  if (code === 'ADDRESS_IN_USE' || code === 'EADDRINUSE') {
    return new UsageError(
      `Port ${port} on ${host} is in use by another program: stop that one, or choose a port, for example: ${again}`,
      1,
    );
  }
  if (code === 'EACCES') {
    return new UsageError(
      `Port ${port} needs more rights than you have: choose one above 1023, for example: ${again}`,
      1,
    );
  }
  if (code === 'ADDRESS_UNAVAILABLE' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new UsageError(
      `This machine has no address "${host}": leave --host out, or give one that it has.`,
      1,
    );
  }
  return error;
}

/** Runs a command's body and ends the process: usage errors as one line, others with their stack. */
export async function runCommand(body: () => Promise<void>): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader such as `head` that has gone away is no mistake.
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  try {
    await body();
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n`);
      process.exit(error.exitCode);
    }
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  }
}

/** npm passes a Ctrl-C on to a process that the terminal has told already: signals this near count as one (milliseconds). */
const SAME_SIGNAL_MS = 500;

/** How often a command that npm started looks whether npm is still there (milliseconds). */
const PARENT_CHECK_MS = 250;

/**
 * Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. A SIGTERM to `npm run` ends npm's
 * shell without reaching this process, so the loss of that parent counts as a SIGTERM.
 */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const parent = process.ppid;
    if (process.env.npm_lifecycle_event !== undefined) {
      setInterval(() => process.ppid !== parent && resolve('SIGTERM'), PARENT_CHECK_MS).unref();
    }
    let seenAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      const now = performance.now();
      if (seenAt !== undefined && now - seenAt > SAME_SIGNAL_MS) process.exit(130);
      seenAt ??= now;
      resolve(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
