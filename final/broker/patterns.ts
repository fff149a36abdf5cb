import { ProtocolError } from '#protocol/old';

/** Tells whether a topic's name fits. */
export type Matcher = (topic: string) => boolean;

/**
 * Compiles a pattern: tokens between dots, where `*` stands for any one token and `>`, as the last one, for one or
 * more. A pattern that begins with a wildcard does not match the names that begin with `$` or `_inbox.`: those are
 * for the broker's own messages and for replies, and nobody wants them by accident.
 *
 * @param request - the client's number of the request, for the error
 * @throws ProtocolError BAD_TOPIC when `>` is not the last token, or a token is empty
 */
export function compilePattern(pattern: string, request = 0): Matcher {
  const tokens = pattern.split('.');
  const rest = tokens.indexOf('>');
  if (rest !== -1 && rest !== tokens.length - 1) {
    throw new ProtocolError('BAD_TOPIC', `in the pattern "${pattern}", ">" is not the last token`, {
      request,
    });
  }
  if (tokens.includes('')) {
    throw new ProtocolError('BAD_TOPIC', `the pattern "${pattern}" has an empty token`, { request });
  }
  const fixed = rest === -1 ? tokens : tokens.slice(0, -1);
  const open = tokens[0] === '*' || tokens[0] === '>';
  return (topic) => {
    if (open && isReserved(topic)) return false;
    const given = topic.split('.');
    if (rest === -1 ? given.length !== fixed.length : given.length <= fixed.length) return false;
    return fixed.every((token, i) => token === '*' || token === given[i]);
  };
}

/** Topics that begin so are the broker's own: clients may read some of them, and write none. */
export const SYSTEM_PREFIX = '$';

/** Topics that begin so carry replies to one client, and go when it goes. */
export const INBOX_PREFIX = '_inbox.';

/** Whether a wildcard at the start of a pattern passes this name by. */
export function isReserved(topic: string): boolean {
  return topic.startsWith(SYSTEM_PREFIX) || topic.startsWith(INBOX_PREFIX);
}
