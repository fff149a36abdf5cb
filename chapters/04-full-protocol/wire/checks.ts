import { textSize } from '#framing';
import { checkTopicName, LONGEST_TOPIC_NAME } from '#topics';
import type { BrokerLimits } from '../broker/limits.ts';
import { ProtocolError } from './errors.ts';
import { recordSize, type WireRecord } from './fields.ts';
import { type ClientFrame, Start } from './frames.ts';

// step 4.4: what the layout cannot say

/** Bytes that the key of a record may have, though its length field could say more. */
export const MAX_KEY_BYTES = 128;
/** Largest frame, counted as its size field counts, that a broker takes before HELLO. */
export const HELLO_FRAME_LIMIT = 4096;

/** What {@link checkRequest} measures a request against: each record must fit alone into a MESSAGES frame. */
export type RequestLimits = Pick<BrokerLimits, 'maxTopicBytes' | 'maxFrameSize'>;

// #region check
/**
 * Checks what the layout of a frame cannot say: names, keys, counts. A frame that fails here was read to its end,
 * so the stream is in order, the answer is an ERROR for the request, and the connection stays.
 *
 * @throws LeveretError BAD_TOPIC, BAD_REQUEST, BAD_KEY or UNSUPPORTED, none of them fatal on the wire
 */
export function checkRequest(frame: ClientFrame, limits: RequestLimits): void {
  if (frame.type === 'CREATE' || frame.type === 'PUBLISH') checkTopic(frame.topic, limits.maxTopicBytes);
  if (frame.type === 'PUBLISH')
    checkRecords(frame.records, limits.maxFrameSize - messagesOverhead(frame.topic));
  if (frame.type !== 'SUBSCRIBE') return;
  if (isPattern(frame.topic)) throw new ProtocolError('UNSUPPORTED', 'this broker knows no patterns');
  checkTopic(frame.topic, limits.maxTopicBytes);
  if (frame.start > Start.AFTER)
    throw new ProtocolError('BAD_REQUEST', `start is ${frame.start}, not 0 to 2`);
  if (frame.group !== '') throw new ProtocolError('UNSUPPORTED', 'this broker knows no groups');
}
/**
 * Checks a topic's name, as CREATE and PUBLISH take it.
 *
 * @throws LeveretError `BAD_TOPIC` if it is a pattern, or no name: see `checkTopicName`
 */
export function checkTopic(topic: string, maxTopicBytes: number = LONGEST_TOPIC_NAME): void {
  checkTopicName(topic, maxTopicBytes);
  if (isPattern(topic)) throw new ProtocolError('BAD_TOPIC', 'the name of a topic must not be a pattern');
}

/** True if one of the tokens between the dots of a name is `*`, or `>`. */
export function isPattern(topic: string): boolean {
  return /(^|\.)[*>](\.|$)/.test(topic);
}

/** Size of a MESSAGES frame of this topic, as its size field counts, without its records. */
export function messagesOverhead(topic: string): number {
  return 12 + textSize(topic);
}

function checkRecords(records: readonly WireRecord[], most: number): void {
  if (records.length === 0) throw new ProtocolError('BAD_REQUEST', 'a PUBLISH of no messages');
  for (const { key, payload } of records) {
    if (key.length > MAX_KEY_BYTES)
      throw new ProtocolError('BAD_KEY', `a key has at most ${MAX_KEY_BYTES} bytes, not ${key.length}`);
    if (recordSize({ key, payload }) > most)
      throw new ProtocolError('BAD_REQUEST', `a record has at most ${most} bytes here, with key and payload`);
  }
}
// #endregion check
