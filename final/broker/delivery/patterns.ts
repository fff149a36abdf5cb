import { ProtocolError } from '#protocol';
import { isReserved } from '../topics/reserved-names.ts';

/** Tells whether a topic's name fits. */
export type Matcher = (topic: string) => boolean;

/**
 * Compiles a pattern: tokens between dots, where `*` stands for any one token and `>`, as the last one, for one or
 * more. A pattern that begins with a wildcard does not match the names that begin with `$` or `_inbox.`: those are
 * for the broker's own messages and for replies, and nobody wants them by accident.
 *
 * @throws ProtocolError BAD_TOPIC when `>` is not the last token, or a token is empty
 */
export function compilePattern(pattern: string): Matcher {
  const tokens = pattern.split('.');
  const rest = tokens.indexOf('>');
  if (rest !== -1 && rest !== tokens.length - 1) {
    throw new ProtocolError('BAD_TOPIC', `in the pattern "${pattern}", ">" is not the last token`);
  }
  if (tokens.includes('')) {
    throw new ProtocolError('BAD_TOPIC', `the pattern "${pattern}" has an empty token`);
  }
  const fixed = rest === -1 ? tokens : tokens.slice(0, -1);
  const open = tokens[0] === '*' || tokens[0] === '>';
  // Most names differ before the first wildcard, and need not be cut into tokens.
  const wild = fixed.indexOf('*');
  const prefix = fixed.slice(0, wild === -1 ? fixed.length : wild).join('.');
  return (topic) => {
    if (!topic.startsWith(prefix) || (open && isReserved(topic))) return false;
    const given = topic.split('.');
    if (rest === -1 ? given.length !== fixed.length : given.length <= fixed.length) return false;
    return fixed.every((token, i) => token === '*' || token === given[i]);
  };
}
