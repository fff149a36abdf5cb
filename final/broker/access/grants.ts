import { checkTopic, ProtocolError } from '#protocol';

/** What a client may do. Asked once for each topic that it uses, not for each message. */
export interface Grants {
  /** Whether it may publish to this topic, and create it. */
  mayPublish(topic: string): boolean;
  /** Whether it may subscribe to this topic. */
  maySubscribe(topic: string): boolean;
}

/** What somebody may do of whom nothing is known yet. */
export const NO_GRANTS: Grants = { mayPublish: () => false, maySubscribe: () => false };

/**
 * Checks a topic's name, and that a client may do this with it.
 *
 * @throws ProtocolError BAD_TOPIC or DENIED, neither fatal
 */
export function checkGrant(grants: Grants, act: keyof Grants, topic: string, maxTopicBytes: number): void {
  checkTopic(topic, maxTopicBytes);
  if (grants[act](topic)) return;
  throw new ProtocolError('DENIED', 'no permission for this topic', { fatal: false });
}
