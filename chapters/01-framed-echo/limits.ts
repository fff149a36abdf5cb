import { OptionError } from './errors.ts';
// step 1.2: refuse a bad size

/** One limit: what it is unless told otherwise, and the least and the most that it may be set to. All whole numbers. */
export interface Limit {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** The longest time that Node's timers take, in milliseconds: almost 25 days. */
export const MAX_TIMEOUT_MS = 2_147_483_647;

/**
 * Checks a number that came from outside, before anything relies on it.
 *
 * @param name - what it is called where it was given
 * @returns the value
 * @throws {@link OptionError} that names it, quotes it and says what it may be
 */
export function checkWhole(name: string, value: unknown, min: number, max: number): number {
  // #region check-whole
  const isWhole = typeof value === 'number' && Number.isInteger(value);
  if (isWhole && value >= min && value <= max) return value;
  const quoted = typeof value === 'string' ? JSON.stringify(value) : String(value);
  const bounds = `from ${min} to ${max}`;
  throw new OptionError(`${name} is a whole number ${bounds}, not ${quoted}`);
  // #endregion check-whole
}

/**
 * Reads the limits of a table out of options: what is given is checked, what is not has its default. Options that the
 * table does not know are left alone.
 *
 * @throws {@link OptionError} for the first bad value
 */
// #region read-limits
export function readLimits<Name extends string>(
  table: Readonly<Record<Name, Limit>>,
  given: { readonly [N in Name]?: number | undefined },
): Record<Name, number> {
  const limits = {} as Record<Name, number>;
  for (const name in table) {
    const { default: usual, min, max } = table[name];
    limits[name] = checkWhole(name, given[name] ?? usual, min, max);
  }
  return limits;
}
// #endregion read-limits
