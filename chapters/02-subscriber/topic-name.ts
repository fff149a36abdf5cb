import { textSize } from '#framing';
import { TopicError } from './topic-error.ts';

// step 2.6: check the name of a topic

/**
 * The longest name of a topic there can be, in bytes of UTF-8: what one length byte on
 * the wire counts.
 */
export const LONGEST_TOPIC_NAME = 255;

// #region check-name
/**
 * Checks the name of a topic. Bytes count, not characters: the name stands on the wire
 * as UTF-8.
 *
 * @param maxBytes - longest name, in bytes of UTF-8
 * @throws TopicError `BAD_TOPIC` for a name that is empty or too long, holds a NUL, or
 * has no UTF-8 form
 */
export function checkTopicName(name: string, maxBytes = LONGEST_TOPIC_NAME): void {
  const fault = faultOf(name, maxBytes);
  if (fault === undefined) return;
  throw new TopicError('BAD_TOPIC', `the name of a topic ${fault}`);
}

function faultOf(name: string, maxBytes: number): string | undefined {
  if (name === '') return 'must not be empty';
  const bytes = textSize(name);
  if (bytes > maxBytes) return `must have at most ${maxBytes} bytes, not ${bytes}`;
  if (name.includes('\0')) return 'must not hold a NUL byte';
  // Half of a surrogate pair becomes U+FFFD in UTF-8: two different names would be one.
  if (/\p{Surrogate}/u.test(name)) return 'must be well-formed Unicode';
  return undefined;
}
// #endregion check-name
