import { ProtocolError, RECORD_HEADER_SIZE } from '#protocol/old';

/**
 * What a PUBLISH says, read where it lies. One object is filled in anew for each frame: at millions of frames a
 * second, an object for each, or a view of its bytes, would cost more than the rest of the work.
 *
 *     u32 request | u8 length, topic | u16 count | record...
 */
export class PublishRequest {
  request = 0;
  /** The topic's name lies from `topicAt` to `topicEnd`. */
  topicAt = 0;
  topicEnd = 0;
  count = 0;
  /** The records lie from here to the end of the frame. */
  recordsAt = 0;
  /** Whether a record has a key. */
  keyed = false;
  /** Bytes of the longest key, and of the longest record. */
  longestKey = 0;
  longestRecord = 0;

  /**
   * Reads the body `bytes[start, end)` of a PUBLISH, and checks that every length in it holds.
   *
   * @throws ProtocolError BAD_FRAME, fatal, when one leads past the end or bytes are left over
   */
  // #region read
  read(bytes: Buffer, start: number, end: number): void {
    if (end - start < 7) throw badFrame('a PUBLISH has at least 7 bytes');
    this.request = u32(bytes, start);
    this.topicAt = start + 5;
    this.topicEnd = this.topicAt + (bytes[start + 4] as number);
    let at = this.topicEnd + 2;
    if (at > end) throw badFrame('its topic leads past the end of the PUBLISH');
    this.count = u16(bytes, this.topicEnd);
    this.recordsAt = at;
    this.longestKey = 0;
    this.longestRecord = 0;
    for (let left = this.count; left > 0; left--) {
      if (end - at < RECORD_HEADER_SIZE) throw badFrame('a record leads past the end of the PUBLISH');
      const keySize = u16(bytes, at);
      const size = RECORD_HEADER_SIZE + keySize + u32(bytes, at + 2);
      if (size > end - at) throw badFrame('a record leads past the end of the PUBLISH');
      if (keySize > this.longestKey) this.longestKey = keySize;
      if (size > this.longestRecord) this.longestRecord = size;
      at += size;
    }
    if (at !== end) throw badFrame(`${end - at} bytes behind the last record of the PUBLISH`);
    this.keyed = this.longestKey > 0;
  }
  // #endregion read
}

function u16(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function u32(bytes: Buffer, at: number): number {
  return ((u16(bytes, at) << 16) | u16(bytes, at + 2)) >>> 0;
}

function badFrame(message: string): ProtocolError {
  return new ProtocolError('BAD_FRAME', message);
}
