import type { z } from 'zod';
import { LeveretError, type Limit } from '#framing';

/** Calls an option by the name under which it was given: `--tls-ca` for `tls.ca`, say. */
export type NameOf = (option: string) => string;

/** A mistake in a configuration that lies in one option, or in several that do not go together. */
export class ConfigError extends LeveretError {
  declare readonly code: 'BAD_CONFIG';
  /** Path of the option that is to be changed. */
  readonly option: string;
  readonly #words: (nameOf: NameOf) => string;

  /** @param words - the message, made with the names of options as whoever reads it knows them */
  constructor(option: string, words: (nameOf: NameOf) => string, options?: ErrorOptions) {
    super(
      'BAD_CONFIG',
      words((name) => name),
      options,
    );
    this.option = option;
    this.#words = words;
  }

  /** The message for somebody who gave the options under other names. */
  messageFor(nameOf: NameOf): string {
    return this.#words(nameOf);
  }
}

/** Values that are not repeated in messages. */
const SECRET = /^(token|key)$/;

/**
 * What is wrong with a value: `takes a whole number from 1 to 100, not 0`.
 *
 * @param path - where it stands in the options
 * @param limits - what numbers at the top may be, by their names
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  path: readonly string[],
  value: unknown,
  limits: ReadonlyMap<string, Limit>,
): string {
  if (value === undefined) return 'it is missing';
  const got = SECRET.test(path.at(-1) ?? '') ? '' : `, not ${quote(value)}`;
  if (issue.code === 'invalid_value') return `takes one of ${issue.values.map(String).join(', ')}${got}`;
  const wanted = describeWanted(issue, path, limits);
  return wanted === undefined ? issue.message : `takes ${wanted}${got}`;
}

/** JSON knows neither NaN nor Infinity. */
function quote(value: unknown): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function describeWanted(
  issue: z.core.$ZodIssue,
  path: readonly string[],
  limits: ReadonlyMap<string, Limit>,
): string | undefined {
  if (!['too_small', 'too_big', 'invalid_type'].includes(issue.code)) return undefined;
  if (path.at(-1) === 'port') return 'a port from 0 to 65535';
  const limit = path.length === 1 ? limits.get(path[0] ?? '') : undefined;
  if (limit !== undefined) return `a whole number from ${limit.min} to ${limit.max}`;
  if (issue.code === 'too_small') {
    return issue.origin === 'string'
      ? 'a text that is not empty'
      : `a whole number, ${issue.minimum} or more`;
  }
  return issue.code === 'invalid_type' ? (TYPES.get(issue.expected) ?? issue.expected) : 'a smaller number';
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['number', 'a whole number'],
  ['int', 'a whole number'],
  ['string', 'a text'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'an object'],
]);

/** The value at a path; undefined where there is none. */
export function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const key of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = Object.getOwnPropertyDescriptor(value, key)?.value;
  }
  return value;
}
