/** Topics that begin so are the broker's own: clients may read some of them, and write none. */
export const SYSTEM_PREFIX = '$';

/** Topics that begin so carry replies to one client, their owner, and go when it goes. */
export const INBOX_PREFIX = '_inbox.';

/** A JSON message a second with what the broker holds and does. */
export const STATUS_TOPIC = `${SYSTEM_PREFIX}sys.status`;

/** A JSON message a second with the topics. */
export const TOPICS_TOPIC = `${SYSTEM_PREFIX}sys.topics`;

/** All that only the broker publishes to. */
export const SYSTEM_TOPICS: readonly string[] = [STATUS_TOPIC, TOPICS_TOPIC];

/** Whether a wildcard at the start of a pattern passes this name by. */
export function isReserved(topic: string): boolean {
  return topic.startsWith(SYSTEM_PREFIX) || isInbox(topic);
}

/** Whether this is the name of an inbox. */
export function isInbox(topic: string): boolean {
  return topic.startsWith(INBOX_PREFIX);
}

/** Whether this is a topic that only the broker publishes to. */
export function isSystemTopic(topic: string): boolean {
  return SYSTEM_TOPICS.includes(topic);
}
