/** How a command ends. The one place where that is decided, for all commands. */
import { CommanderError } from 'commander';
import { codeOf } from './errors.ts';

/** The codes that there are. Above 128: the number of the signal is added, as shells do. */
export const EXIT = { OK: 0, FAILURE: 1, USAGE: 2, SIGNAL: 128 } as const;

/** What each code means: for help, and for the docs, which say more. */
export const EXIT_MEANINGS = [
  ['0', 'done'],
  ['1', 'it did not work'],
  ['2', 'the command line or the configuration is wrong'],
  ['129, 130, 143', 'ended by a signal before it was done'],
] as const;

/** Ends a command with one line that says what to do. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.FAILURE) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

/** A mistake in what was typed. */
export function usageError(message: string): CommandError {
  return new CommandError(message, EXIT.USAGE);
}

/** Thrown to end a command that a signal has interrupted. */
export class Interrupted extends Error {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.name = 'Interrupted';
    this.signal = signal;
  }
}

/** The exit code of a program that a signal ended. */
export function signalCode(signal: NodeJS.Signals): number {
  return EXIT.SIGNAL + (signal === 'SIGTERM' ? 15 : signal === 'SIGHUP' ? 1 : 2);
}

/** Codes of errors that lie in what was typed or configured. To try again, as it stands, cannot help. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'BAD_CONFIG',
  'BAD_OPTION',
  'BAD_PEM',
  'BAD_TOPIC',
  'BAD_URL',
  'INSECURE',
]);

/** What commander throws after it has printed what was asked for. */
const ASKED_FOR: ReadonlySet<string> = new Set([
  'commander.helpDisplayed',
  'commander.help',
  'commander.version',
]);

/** The exit code for what ended a command. */
export function exitCodeOf(error: unknown): number {
  // Help that nobody has asked for, because there is no command, has code 1.
  if (error instanceof CommanderError) {
    return ASKED_FOR.has(error.code) && error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
  }
  if (error instanceof Interrupted) return signalCode(error.signal);
  if (error instanceof CommandError) return error.exitCode;
  return USAGE_CODES.has(codeOf(error) ?? '') ? EXIT.USAGE : EXIT.FAILURE;
}
