/**
 * The MESSAGES frame as it lies in the log, which is how it goes out:
 *
 *     u32 size | u8 0x84 | u8 length, topic | u64 firstId | u16 count | record...
 *     record = u16 keySize | u32 payloadSize | key | payload
 *
 * Here are the few functions that know these offsets. They read and write in place and allocate nothing,
 * except {@link cutFrame}, whose purpose is a new frame.
 */
import { HEADER_SIZE, TYPE_SIZE } from '#framing';
import { BrokerType, RECORD_HEADER_SIZE } from '#protocol/old';

const ID_SIZE = 8;
const COUNT_SIZE = 2;

/** Bytes of a MESSAGES frame before its first record, for a topic whose name has `topicSize` bytes. */
export function messagesHeaderSize(topicSize: number): number {
  return HEADER_SIZE + TYPE_SIZE + 1 + topicSize + ID_SIZE + COUNT_SIZE;
}

/**
 * Writes a frame's header; its size and count are filled in by {@link closeHeader} once they are known.
 *
 * @returns the offset of the first record
 */
export function openHeader(bytes: Buffer, at: number, topic: Uint8Array, firstId: number): number {
  bytes[at + HEADER_SIZE] = BrokerType.MESSAGES;
  bytes[at + HEADER_SIZE + TYPE_SIZE] = topic.length;
  const afterTopic = at + HEADER_SIZE + TYPE_SIZE + 1 + topic.length;
  bytes.set(topic, at + HEADER_SIZE + TYPE_SIZE + 1);
  bytes.writeUInt32BE(Math.floor(firstId / 0x1_0000_0000), afterTopic);
  bytes.writeUInt32BE(firstId % 0x1_0000_0000, afterTopic + 4);
  return afterTopic + ID_SIZE + COUNT_SIZE;
}

/** Fills in the size and the count of the frame at `at`, whose records end at `end`. */
export function closeHeader(bytes: Buffer, at: number, topicSize: number, end: number, count: number): void {
  bytes.writeUInt32BE(end - at - HEADER_SIZE, at);
  bytes.writeUInt16BE(count, at + messagesHeaderSize(topicSize) - COUNT_SIZE);
}

/** The offset after the frame at `at`. */
export function frameEnd(bytes: Buffer, at: number): number {
  return at + HEADER_SIZE + bytes.readUInt32BE(at);
}

/** The id of the first record of the frame at `at`. */
export function frameFirstId(bytes: Buffer, at: number, topicSize: number): number {
  const idAt = at + HEADER_SIZE + TYPE_SIZE + 1 + topicSize;
  return bytes.readUInt32BE(idAt) * 0x1_0000_0000 + bytes.readUInt32BE(idAt + 4);
}

/** How many records the frame at `at` holds. */
export function frameCount(bytes: Buffer, at: number, topicSize: number): number {
  return bytes.readUInt16BE(at + messagesHeaderSize(topicSize) - COUNT_SIZE);
}

/** The offset after the record at `at`. */
export function recordEnd(bytes: Buffer, at: number): number {
  return at + RECORD_HEADER_SIZE + bytes.readUInt16BE(at) + bytes.readUInt32BE(at + 2);
}

/** The offset after `count` records, of which the first lies at `at`. */
export function skipRecords(bytes: Buffer, at: number, count: number): number {
  let end = at;
  for (let i = 0; i < count; i++) end = recordEnd(bytes, end);
  return end;
}

/**
 * Makes a frame of its own from some of a frame's records, for a subscriber that may not have all of them.
 *
 * @param start - offset of the first record to take
 * @param end - offset after the last one
 */
export function cutFrame(
  bytes: Buffer,
  topic: Uint8Array,
  firstId: number,
  count: number,
  start: number,
  end: number,
): Buffer {
  const header = messagesHeaderSize(topic.length);
  const frame = Buffer.allocUnsafe(header + end - start);
  openHeader(frame, 0, topic, firstId);
  bytes.copy(frame, header, start, end);
  closeHeader(frame, 0, topic.length, frame.length, count);
  return frame;
}
