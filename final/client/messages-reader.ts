import { decodeText, FrameError, MAX_ID } from '#framing';
import { RECORD_HEADER_SIZE } from '#protocol';
import { u16, u32 } from './big-endian.ts';

/** `u64 firstId | u16 count`, behind the topic. */
const IDS_SIZE = 10;

/** A MESSAGES frame, read where it lies: all of it has been checked, and no record has become an object yet. */
export interface MessagesFrame {
  readonly topic: string;
  /** Id of the first record; those behind it follow one by one. */
  readonly firstId: number;
  /** How many records there are. */
  readonly count: number;
  /** The records are `bytes[at, end)`. */
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
}

/**
 * Reads MESSAGES frames in place: `text8 topic | u64 firstId | u16 count | record...`. The table's codec makes an object for
 * each record; a subscriber that gets millions of messages a second would pay for each of them. What is taken and what is
 * refused is the same: the golden vectors and random streams hold it to the table.
 */
export class MessagesReader {
  // Most frames are for the same topic as the one before: then its name need not be decoded.
  #name = new Uint8Array(0);
  #topic = '';

  /**
   * Reads the body `bytes[start, end)` of a frame.
   *
   * @throws FrameError BAD_FRAME, BAD_TEXT
   */
  read(bytes: Uint8Array, start: number, end: number): MessagesFrame {
    const nameEnd = start + 1 + (bytes[start] as number);
    const at = nameEnd + IDS_SIZE;
    // Written so that it holds for a body of no bytes too, where there is no length to be read.
    if (!(at <= end)) throw new FrameError('BAD_FRAME', 'a MESSAGES frame that ends too soon');
    const topic = this.#readName(bytes, start + 1, nameEnd);
    const firstId = Math.min(u32(bytes, nameEnd) * 0x1_0000_0000 + u32(bytes, nameEnd + 4), MAX_ID);
    const count = u16(bytes, nameEnd + 8);
    if (firstId + (count - 1) > MAX_ID) throw new FrameError('BAD_FRAME', `ids beyond ${MAX_ID}`);
    let next = at;
    for (let i = 0; i < count; i++) {
      // A header that is cut leads past the end too: what is read of it belongs to another frame, or is NaN.
      next = end - next >= RECORD_HEADER_SIZE ? skipRecord(bytes, next) : Number.POSITIVE_INFINITY;
      if (next > end) throw new FrameError('BAD_FRAME', 'a record beyond the end of its frame');
    }
    if (next !== end) throw new FrameError('BAD_FRAME', `${end - next} bytes behind the last record`);
    return { topic, firstId, count, bytes, at, end };
  }

  #readName(bytes: Uint8Array, start: number, end: number): string {
    const last = this.#name;
    if (last.length === end - start) {
      let i = 0;
      while (i < last.length && last[i] === bytes[start + i]) i++;
      if (i === last.length) return this.#topic;
    }
    this.#topic = decodeText(bytes.subarray(start, end));
    this.#name = bytes.slice(start, end);
    return this.#topic;
  }
}

/** The offset behind the record at `at`, which has been checked: `u16 keySize | u32 payloadSize | key | payload`. */
export function skipRecord(bytes: Uint8Array, at: number): number {
  return at + RECORD_HEADER_SIZE + u16(bytes, at) + u32(bytes, at + 2);
}
