import { HEADER_SIZE } from '#framing';
import { brokerCodec, RECORD_HEADER_SIZE } from '#protocol';

// step 6.1: a frame, where it lies

/**
 * Where the topic's name lies in a frame: behind size, type and the length of the name.
 */
const NAME_AT = HEADER_SIZE + 2;

/**
 * The MESSAGES frames of one topic as they lie in the log, which is how they go out:
 *
 *     u32 size | u8 0x84 | u8 length, topic | u64 firstId | u16 count | record...
 *     record = u16 keySize | u32 payloadSize | key | payload
 *
 * Their headers are the same but for three numbers, so one is encoded by the table of
 * the wire and the others are copied from it. Nobody else knows where the numbers lie.
 * All but {@link MessageFrames.cut} work in place.
 */
export class MessageFrames {
  /** Bytes before the first record. */
  readonly headerSize: number;
  readonly #header: Uint8Array;

  constructor(topic: string) {
    this.#header = brokerCodec.encode({ type: 'MESSAGES', topic, firstId: 0, records: [] });
    this.headerSize = this.#header.length;
  }

  /** Whether `bytes[start, end)` is the topic's name. */
  isTopic(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== this.#header[NAME_AT - 1]) return false;
    for (let at = start; at < end; at++) if (bytes[at] !== this.#header[NAME_AT + at - start]) return false;
    return true;
  }

  // #region header
  /**
   * Writes the header of the frame `bytes[start, end)`, whose `count` records are there
   * already.
   */
  write(bytes: Buffer, start: number, end: number, firstId: number, count: number): void {
    const recordsAt = start + this.headerSize;
    bytes.set(this.#header, start);
    bytes.writeUInt32BE(end - start - HEADER_SIZE, start);
    bytes.writeUInt32BE(Math.floor(firstId / 2 ** 32), recordsAt - 10);
    bytes.writeUInt32BE(firstId % 2 ** 32, recordsAt - 6);
    bytes.writeUInt16BE(count, recordsAt - 2);
  }
  // #endregion header

  /** The id of the first record of the frame at `start`. */
  firstId(bytes: Buffer, start: number): number {
    const recordsAt = start + this.headerSize;
    return bytes.readUInt32BE(recordsAt - 10) * 2 ** 32 + bytes.readUInt32BE(recordsAt - 6);
  }

  /** The id of the last record of the frame at `start`. */
  lastId(bytes: Buffer, start: number): number {
    return this.firstId(bytes, start) + bytes.readUInt16BE(start + this.headerSize - 2) - 1;
  }

  /** A frame of its own, made of the `count` records `bytes[from, to)`. */
  cut(bytes: Buffer, from: number, to: number, firstId: number, count: number): Buffer {
    const frame = Buffer.allocUnsafe(this.headerSize + to - from);
    bytes.copy(frame, this.headerSize, from, to);
    this.write(frame, 0, frame.length, firstId, count);
    return frame;
  }
}

/** The offset after the frame at `start`. */
export function frameEnd(bytes: Buffer, start: number): number {
  return start + HEADER_SIZE + bytes.readUInt32BE(start);
}

/** The offset after `count` records, the first of which lies at `start`. */
export function recordsEnd(bytes: Buffer, start: number, count: number): number {
  let at = start;
  for (let i = 0; i < count; i++)
    at += RECORD_HEADER_SIZE + bytes.readUInt16BE(at) + bytes.readUInt32BE(at + 2);
  return at;
}
