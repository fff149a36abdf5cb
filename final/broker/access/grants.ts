import { checkTopic, ProtocolError } from '#protocol';
import { isReserved } from '../topics/reserved-names.ts';

/** What a client may do. Asked once for each topic that it uses, not for each message. */
export interface Grants {
  /** Whether it may publish to this topic. Inboxes are open to all who know their names. */
  mayPublish(topic: string): boolean;
  /** Whether it may subscribe to this topic. An inbox asks for no permission, and none leads to it: it has an owner. */
  maySubscribe(topic: string): boolean;
  /** Whether it may subscribe to some topic that fits this pattern, be there one now or not. */
  maySubscribeSome(pattern: string): boolean;
  /** Whether it may change the topic's settings and take away messages. */
  mayManage(topic: string): boolean;
}

/** What somebody may do of whom nothing is known yet. */
export const NO_GRANTS: Grants = {
  mayPublish: () => false,
  maySubscribe: () => false,
  maySubscribeSome: () => false,
  mayManage: () => false,
};

/** What each grant lets somebody do, in words. */
const ACTS = {
  mayPublish: 'publish to',
  maySubscribe: 'subscribe to',
  mayManage: 'create or change',
} as const satisfies Partial<Record<keyof Grants, string>>;

/** A grant for one topic. */
export type TopicGrant = keyof typeof ACTS;

/**
 * Checks a topic's name, and that a client may do this with it.
 *
 * @throws ProtocolError BAD_TOPIC or DENIED, neither fatal
 */
export function checkGrant(grants: Grants, act: TopicGrant, topic: string, maxTopicBytes: number): void {
  checkTopic(topic, maxTopicBytes);
  if (!grants[act](topic)) throw denied(act, topic);
}

/**
 * Checks that a client may read some of what a well-formed pattern may lead to: who may read nothing there has no use for it.
 *
 * @throws ProtocolError DENIED, not fatal
 */
export function checkPatternGrant(grants: Grants, pattern: string): void {
  if (grants.maySubscribeSome(pattern)) return;
  throw refusal(`subscribe to anything that "${pattern}" may lead to`);
}

/**
 * Checks a topic's name, and that a client may do anything with it at all: then it may also know what the topic holds.
 *
 * @throws ProtocolError BAD_TOPIC or DENIED, neither fatal
 */
export function checkAnyGrant(grants: Grants, topic: string, maxTopicBytes: number): void {
  checkTopic(topic, maxTopicBytes);
  const acts = Object.keys(ACTS) as TopicGrant[];
  if (!isReserved(topic) && acts.some((act) => grants[act](topic))) return;
  throw refusal(`ask about "${topic}"`);
}

/** The refusal of what a client may not do with a topic. It does not tell whether there is such a topic. */
export function denied(act: TopicGrant, topic: string): ProtocolError {
  return refusal(`${ACTS[act]} "${topic}"`);
}

function refusal(what: string): ProtocolError {
  return new ProtocolError('DENIED', `no permission to ${what}`, { fatal: false });
}
