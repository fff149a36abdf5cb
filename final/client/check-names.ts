import { OptionError, textSize } from '#framing';
import { checkTopic, MAX_KEY_BYTES, ProtocolError } from '#protocol';
import { LONGEST_TOPIC_NAME } from '#topics';

/** Half of a surrogate pair: it has no UTF-8, and what would be sent in its place is another name. */
const HALF = /\p{Surrogate}/u;

/**
 * Checks a topic's name as the broker will.
 *
 * @throws ProtocolError BAD_TOPIC
 */
export function checkName(topic: string): void {
  if (typeof topic !== 'string') throw new ProtocolError('BAD_TOPIC', `a topic is text, not ${typeof topic}`);
  checkTopic(topic);
  refuseHalves(topic);
}

/**
 * Checks a pattern's length; what it is made of is for whoever compiles it.
 *
 * @throws ProtocolError BAD_TOPIC
 */
export function checkPattern(pattern: string): void {
  refuseHalves(pattern);
  if (textSize(pattern) <= LONGEST_TOPIC_NAME) return;
  throw new ProtocolError('BAD_TOPIC', `the pattern is longer than ${LONGEST_TOPIC_NAME} bytes`);
}

/**
 * Checks the name of a group.
 *
 * @throws OptionError
 */
export function checkGroup(group: string): void {
  if (textSize(group) <= LONGEST_TOPIC_NAME && !HALF.test(group)) return;
  throw new OptionError(`group is well-formed text of at most ${LONGEST_TOPIC_NAME} bytes`);
}

/**
 * Checks a key.
 *
 * @throws ProtocolError BAD_KEY
 */
export function checkKey(key: string): void {
  if (typeof key !== 'string') throw new ProtocolError('BAD_KEY', `a key is text, not ${typeof key}`);
  // A UTF-16 unit takes at most three bytes.
  if (key.length * 3 <= MAX_KEY_BYTES) return;
  const size = textSize(key);
  if (size <= MAX_KEY_BYTES) return;
  throw new ProtocolError('BAD_KEY', `a key of ${size} bytes, but ${MAX_KEY_BYTES} are allowed`);
}

function refuseHalves(name: string): void {
  if (HALF.test(name)) {
    throw new ProtocolError(
      'BAD_TOPIC',
      "the topic's name holds half of a surrogate pair, which has no UTF-8",
    );
  }
}
