/** Values of flags: read, or refused in one line. */
import { InvalidArgumentError } from 'commander';
import { checkTopic } from '#protocol';
import { parseAmount } from './config/amount.ts';

/** A reader of whole numbers within limits. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = parseAmount(text, 'none');
    if (value !== undefined && Number.isInteger(value) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`It takes a whole number, ${range}.`);
  };
}

/** Reads a size such as `64`, `1KiB`; bytes. */
export function size(text: string): number {
  const value = parseAmount(text, 'bytes');
  if (value === undefined || !Number.isInteger(value))
    throw new InvalidArgumentError('It takes bytes, such as 64 or 1KiB.');
  return value;
}

/** The longest that a timer of Node can wait, and a setting of a topic can be (milliseconds). */
const MAX_TIME = 2 ** 31 - 1;

/** What a time looks like, for messages. */
export const TIMES = 'a time with a unit, such as 500ms, 10s, 5min or 1h';

/** Reads a time such as `500ms`, `10s`, `1h`; milliseconds. */
export function time(text: string): number {
  const value = parseAmount(text, 'ms');
  if (value === undefined || value > MAX_TIME) {
    throw new InvalidArgumentError(`It takes ${TIMES}.`);
  }
  return value;
}

/** Reads the name of a topic, before there is a broker to refuse it. */
export function topicName(text: string): string {
  try {
    checkTopic(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError(`${error instanceof Error ? error.message : error}.`);
  }
}
