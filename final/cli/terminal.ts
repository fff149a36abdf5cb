/** What every command needs: endings that are clear, signals, and an output that may go away. */
import { EXIT, Interrupted, signalCode } from './exit-code.ts';
import { bestMatch } from './text.ts';

/** npm passes a Ctrl-C on to a process that the terminal has told already: signals this near count as one. */
const SAME_SIGNAL_MS = 500;

/** How often a command that npm started looks whether npm is still there. */
const PARENT_CHECK_MS = 250;

/**
 * Aborts at the first SIGINT or SIGTERM, with {@link Interrupted} as the reason; a second one ends the process at once.
 * A SIGTERM to `npm start` ends npm's shell without reaching this process, so the loss of that parent counts as one.
 */
export function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  let seenAt: number | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (seenAt !== undefined && now - seenAt > SAME_SIGNAL_MS) process.exit(signalCode(signal));
    seenAt ??= now;
    interruption ??= signal;
    controller.abort(new Interrupted(signal));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined) {
    setInterval(() => process.ppid !== parent && interrupt('SIGTERM'), PARENT_CHECK_MS).unref();
  }
  return controller.signal;
}

/**
 * Calls a function for each SIGHUP, which then no longer ends the process. Not on Windows: there it means that the window is
 * closed, and the system ends the process whatever it does.
 */
export function onHangup(act: () => void): void {
  if (process.platform !== 'win32') process.on('SIGHUP', act);
}

/** Resolves when the signal is aborted; at once if it is already. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The signal that has interrupted this command, if one has. */
export function interruptedBy(): NodeJS.Signals | undefined {
  return interruption;
}

let interruption: NodeJS.Signals | undefined;

/** A reader such as `head` that has gone away is no mistake: the command ends, and says nothing. */
export function endQuietlyWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.OK : EXIT.FAILURE);
  });
  // Nobody hears what is said there any more, but the work goes on.
  process.stderr.on('error', () => {});
}

/** Writes to stdout and resolves when there is room for more. */
export function print(text: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(text)) resolve();
    else process.stdout.once('drain', resolve);
  });
}

/** One line that says what went wrong, and what to do. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const hint = HINTS.get(code);
  return hint === undefined ? error.message : `${error.message}: ${hint}`;
}

const HINTS = new Map([['DENIED', 'give a token that may do this, by --token or LEVERET_TOKEN']]);

/** The candidate that was probably meant, as the end of a message. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = bestMatch(word, candidates);
  return found === undefined ? '' : `; did you mean ${found}?`;
}
