import { isSkipped, type Subscriber } from '#topics';
import { type BrokerFrame, MAX_RECORDS, messagesOverhead, recordSize, type WireRecord } from '../index.ts';

/** When a frame has so many bytes, no more messages are added: others have their turn. */
const ENOUGH_BYTES = 65_536;

// #region next-frame
/**
 * The next frame for a subscriber: messages of one topic with ids that follow one another, or SKIPPED. `undefined` when
 * there is nothing, or a commit must come first.
 */
export function nextFrame(subscriber: Subscriber, maxFrameSize: number): BrokerFrame | undefined {
  // task 4.6: turn what is ready into frames
  const buffer = subscriber.nextReady();
  const first = buffer?.next();
  if (buffer === undefined || first === undefined) return undefined;
  if (isSkipped(first)) return { type: 'SKIPPED', ...first };
  const records: WireRecord[] = [first];
  let size = messagesOverhead(first.topic) + recordSize(first);
  while (size < ENOUGH_BYTES && records.length < MAX_RECORDS) {
    const message = buffer.peek();
    if (message === undefined || isSkipped(message) || size + recordSize(message) > maxFrameSize) break;
    buffer.next();
    records.push(message);
    size += recordSize(message);
  }
  return { type: 'MESSAGES', topic: first.topic, firstId: first.id, records };
}
// #endregion next-frame
