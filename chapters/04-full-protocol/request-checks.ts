import { DEFAULT_FRAME_LIMIT } from '#framing';
import { messagesOverhead } from './broker-frames.ts';
import type { ClientFrame, PublishFrame } from './client-frames.ts';
import { ClientType, MAX_KEY_BYTES, MAX_TOPIC_BYTES, Start } from './constants.ts';
import { ProtocolError } from './protocol-error.ts';
import { recordSize } from './record.ts';

/** What {@link checkRequest} measures a request against. */
export interface RequestLimits {
  /**
   * Bytes that a topic's name may have.
   * @defaultValue 255
   */
  maxTopicBytes?: number;
  /**
   * Bytes that a key may have.
   * @defaultValue 128
   */
  maxKeyBytes?: number;
  /**
   * Size of the largest frame: each record must fit alone into a MESSAGES frame.
   * @defaultValue 1,048,576
   */
  maxFrameSize?: number;
}

// #region check
/**
 * Check what the layout of a frame cannot say: names, keys, counts. A frame that fails here was read to its end,
 * so the stream is in order, the answer is an ERROR for the request, and the connection stays.
 *
 * @throws ProtocolError BAD_TOPIC, BAD_REQUEST, BAD_KEY or UNSUPPORTED, none of them fatal.
 */
export function checkRequest(frame: ClientFrame, limits: RequestLimits = {}): void {
  const { maxTopicBytes = MAX_TOPIC_BYTES, maxKeyBytes = MAX_KEY_BYTES } = limits;
  const { maxFrameSize = DEFAULT_FRAME_LIMIT } = limits;
  switch (frame.type) {
    case ClientType.CREATE:
      checkTopic(frame.topic, frame.request, maxTopicBytes);
      break;
    case ClientType.PUBLISH:
      checkTopic(frame.topic, frame.request, maxTopicBytes);
      if (frame.records.length === 0) {
        throw new ProtocolError('BAD_REQUEST', 'a PUBLISH of no messages', { request: frame.request });
      }
      checkRecords(frame, maxKeyBytes, maxFrameSize - messagesOverhead(frame.topic));
      break;
    case ClientType.SUBSCRIBE:
      if (hasPattern(frame.topic)) {
        throw new ProtocolError('UNSUPPORTED', 'patterns are not supported', { request: frame.request });
      }
      checkTopic(frame.topic, frame.request, maxTopicBytes);
      if (frame.start > Start.AFTER) {
        throw new ProtocolError('BAD_REQUEST', `start is ${frame.start}, not 0, 1 or 2`, {
          request: frame.request,
        });
      }
      if (frame.group !== '') {
        throw new ProtocolError('UNSUPPORTED', 'groups are not supported', { request: frame.request });
      }
      break;
    default:
  }
}
// #endregion check

/**
 * Check a topic's name, as PUBLISH and CREATE take it.
 *
 * @throws ProtocolError BAD_TOPIC if it is empty, holds a NUL, is a pattern, or is over-long.
 */
export function checkTopic(topic: string, request = 0, maxTopicBytes: number = MAX_TOPIC_BYTES): void {
  const refuse = (why: string) => new ProtocolError('BAD_TOPIC', `the topic's name ${why}`, { request });
  if (topic === '') throw refuse('is empty');
  if (topic.includes('\0')) throw refuse('holds a NUL');
  if (hasPattern(topic)) throw refuse('is a pattern');
  // A UTF-16 unit takes at most three bytes: measure only what could be over the limit.
  if (topic.length * 3 > maxTopicBytes && Buffer.byteLength(topic) > maxTopicBytes) {
    throw refuse(`is longer than ${maxTopicBytes} bytes`);
  }
}

/** True if one of the tokens between the dots of `topic` is `*`, or `>`. */
export function hasPattern(topic: string): boolean {
  if (!topic.includes('*') && !topic.includes('>')) return false;
  return topic.split('.').some((token) => token === '*' || token === '>');
}

function checkRecords({ records, request }: PublishFrame, maxKeyBytes: number, maxSize: number): void {
  for (const record of records) {
    const { key } = record;
    if (key.length > maxKeyBytes) {
      const message = `a key of ${key.length} bytes, but ${maxKeyBytes} are allowed`;
      throw new ProtocolError('BAD_KEY', message, { request });
    }
    const size = recordSize(record);
    if (size > maxSize) {
      const message = `a record of ${size} bytes, but ${maxSize} are all that a MESSAGES frame can take`;
      throw new ProtocolError('BAD_REQUEST', message, { request });
    }
  }
}
