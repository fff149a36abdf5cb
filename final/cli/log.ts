/** The log lines of `leveret serve`: JSON for programs, short lines for people at a terminal. */
import pc from 'picocolors';
import { destination, type Logger, type LoggerOptions, pino } from 'pino';

/** Levels that `--log-level` takes, from the most talkative. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Bytes of lines that may wait for whoever reads stderr; more are dropped, for the broker must not wait. */
const MAX_WAITING = 1_048_576;

/** Makes a logger that writes to stderr. */
export function createLogger(level: LogLevel, pretty = process.stderr.isTTY): Logger {
  const options: LoggerOptions = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (pretty) return pino(options, { write: (line: string) => process.stderr.write(prettyLine(line)) });
  const stream = destination({ dest: 2, sync: false, maxLength: MAX_WAITING });
  // Whoever read the lines has gone; the broker goes on without.
  stream.on('error', () => {});
  return pino(options, stream);
}

const LABELS = new Map([
  [10, pc.dim('trace')],
  [20, pc.dim('debug')],
  [30, pc.green('info ')],
  [40, pc.yellow('warn ')],
  [50, pc.red('error')],
]);

/** One JSON line of pino as a line for people: `10:48:33 info  listening  type=tcp port=7410`. */
export function prettyLine(line: string): string {
  const { level, time, msg = '', err, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const told = Object.entries(facts).map(([name, value]) => `${pc.dim(`${name}=`)}${shown(value)}`);
  const reason = err !== null && typeof err === 'object' && 'message' in err ? ` ${shown(err.message)}` : '';
  const at = new Date(String(time)).toTimeString().slice(0, 8);
  const words = String(msg).padEnd(told.length > 0 ? 18 : 0);
  return `${pc.dim(at)} ${LABELS.get(Number(level)) ?? level} ${words}${reason} ${told.join(' ')}`
    .trimEnd()
    .concat('\n');
}

/** A value as it may stand on a terminal: what came from a client must not move the cursor. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return /^"[\w.:/@[\]-]+"$/.test(text) ? text.slice(1, -1) : text;
}
