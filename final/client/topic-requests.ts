import { checkWhole } from '#framing';
import type { BrokerFrame, ClientFrame } from '#protocol';
import { checkName } from './check-names.ts';
import type { WaitOptions } from './wait.ts';

/** What a topic holds, as `Client.topicInfo` tells it. */
export interface TopicInfo {
  readonly topic: string;
  /** Milliseconds that messages are kept for subscribers to come. */
  readonly retentionMs: number;
  /** Milliseconds in which a second message with the same key is dropped. */
  readonly dedupeMs: number;
  /** The oldest message that a new subscriber could have; `lastId` + 1 when there is none. */
  readonly firstId: number;
  /** The newest id that was given out; 0 when nothing was published yet. */
  readonly lastId: number;
  /** Bytes that the topic's log holds. */
  readonly logBytes: number;
  /** Who reads it: subscriptions of single clients, and groups. */
  readonly readers: number;
}

/** How to purge a topic. */
export interface PurgeOptions extends WaitOptions {
  /** The last id to be taken away, 1 or more. @defaultValue all messages are */
  readonly upTo?: number;
}

/** What requests about topics need of a client: `Asking.ask`. */
export type Ask = (
  makeFrame: (request: number) => ClientFrame,
  options: WaitOptions,
  what: string,
  again?: boolean,
) => Promise<BrokerFrame>;

/** Takes a topic away. */
export async function deleteTopic(ask: Ask, topic: string, options: WaitOptions): Promise<void> {
  checkName(topic);
  await ask((request) => ({ type: 'DELETE', request, topic }), options, `deleting ${topic}`);
}

/** @throws OptionError for an id that is none */
export async function purgeTopic(ask: Ask, topic: string, options: PurgeOptions): Promise<void> {
  checkName(topic);
  const { upTo } = options;
  // On the wire 0 means all: who says "up to 0" means none.
  if (upTo !== undefined) checkWhole('upTo', upTo, 1, Number.MAX_SAFE_INTEGER);
  await ask((request) => ({ type: 'PURGE', request, topic, upTo: upTo ?? 0 }), options, `purging ${topic}`);
}

/** Asks what a topic holds; again when the connection is lost meanwhile, as that changes nothing. */
export async function topicInfo(ask: Ask, topic: string, options: WaitOptions): Promise<TopicInfo> {
  checkName(topic);
  const frame = await ask(
    (request) => ({ type: 'INFO', request, topic }),
    options,
    `asking about ${topic}`,
    true,
  );
  const { type, request, ...info } = frame as Extract<BrokerFrame, { type: 'TOPIC' }>;
  return { topic, ...info };
}
