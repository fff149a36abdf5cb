import { LeveretError } from '#framing';

/**
 * What can be wrong with a request about topics:
 *
 * - `BAD_TOPIC`: a name that is empty, too long, or holds a NUL byte or half of a
 *   surrogate pair
 * - `TOPIC_EXISTS`: created again with other settings
 * - `LIMIT`: too many topics, or too many subscriptions of one subscriber
 * - `NOT_SUBSCRIBED`: commit or unsubscribe without a subscription
 * - `BAD_COMMIT`: commit of an id beyond the last one handed out
 * - `OUT_OF_RANGE`: subscribe after an id that was not given out yet
 * - `SLOW`: more waits for one subscriber than may
 */
export type TopicErrorCode =
  | 'BAD_TOPIC'
  | 'TOPIC_EXISTS'
  | 'LIMIT'
  | 'NOT_SUBSCRIBED'
  | 'BAD_COMMIT'
  | 'OUT_OF_RANGE'
  | 'SLOW';

/** A request about topics that cannot be met. Nothing has changed when it is thrown. */
export class TopicError extends LeveretError {
  declare readonly code: TopicErrorCode;

  /**
   * @param code - which rule was broken; match on this, never on the text
   * @param message - the same for a person to read
   */
  constructor(code: TopicErrorCode, message: string) {
    super(code, message);
  }
}
