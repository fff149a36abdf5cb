import type { Grants } from '../broker/access/grants.ts';
import type { WatchedFrame } from '../broker/session/frame-watch.ts';
import type { FrameState } from './state.ts';

/** Where the topic stands in the frames that have one: the offset of its length. */
const TOPIC_AT = new Map([
  [0x02, 9],
  [0x03, 9],
  [0x04, 9],
  [0x05, 9],
  [0x06, 5],
  [0x84, 5],
  [0x87, 5],
]);

const PUBLISH = 0x03;
const MESSAGES = 0x84;

/**
 * A frame as one viewer may see it. Whoever may look at the broker's state learns which topics there are; what is
 * published is shown only where the viewer could have subscribed.
 */
export function frameFor(grants: Grants, frame: WatchedFrame): FrameState {
  const { at, connection, name, direction, size, type, bytes } = frame;
  const shared = { at, connection, name, direction, size };
  const topicAt = TOPIC_AT.get(type);
  if ((type !== PUBLISH && type !== MESSAGES) || topicAt === undefined) {
    return { ...shared, bytes: bytes.toString('base64') };
  }
  const topicEnd = topicAt + 1 + (bytes[topicAt] ?? 0);
  const topic = bytes.toString('utf8', topicAt + 1, topicEnd);
  if (grants.maySubscribe(topic)) return { ...shared, bytes: bytes.toString('base64') };
  return { ...shared, bytes: bytes.toString('base64', 0, topicEnd), hidden: true };
}
