import { randomBytes } from 'node:crypto';

/**
 * Names one life of a table: 12 hexadecimal digits, different in every process and for every table.
 *
 * Without it the id `7` of yesterday's server would reach a stranger on today's.
 */
export function newInstance(): string {
  return randomBytes(6).toString('hex');
}

/** The id of a connection as text that JSON, a database or another program can keep: `9f86d081884c-7`. */
export function formatId(instance: string, number: number): string {
  return `${instance}-${number}`;
}

/**
 * The number in an id, or undefined when it is not an id of this table: of another table, of an earlier life,
 * or not an id at all. Only the exact text that {@link formatId} gives is taken, so a connection has one id.
 */
// #region parse
export function parseId(instance: string, id: string): number | undefined {
  // step 5.1: read an id back
  const number = Number(id.slice(instance.length + 1));
  const exact = Number.isSafeInteger(number) && number > 0 && formatId(instance, number) === id;
  return exact ? number : undefined;
}
// #endregion parse
