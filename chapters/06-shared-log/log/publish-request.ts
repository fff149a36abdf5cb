import { viewOf } from '#framing';
import { RECORD_HEADER_SIZE } from '#protocol';

// step 6.10: a PUBLISH, read where it lies

/**
 * What a PUBLISH says, read where it lies. One object is filled in anew for each frame:
 * at millions of frames a second, an object for each, or a view of its bytes, would
 * cost more than the rest of the work.
 *
 *     u32 request | u8 length, topic | u16 count | record...
 */
export class PublishRequest {
  request = 0;
  /** The topic's name is `bytes[topicAt, topicEnd)`. */
  topicAt = 0;
  topicEnd = 0;
  count = 0;
  /** The records lie from here to the end of the frame. */
  recordsAt = 0;
  /** Bytes of the longest key; 0 when no record has one. */
  longestKey = 0;
  /** Bytes of the longest record, its header included. */
  longestRecord = 0;

  /**
   * Reads the body `bytes[start, end)` of a PUBLISH.
   *
   * @returns false when a length leads past the end, or bytes are left over. What is
   * wrong then, `decodeClientFrame` says in words: the same bytes fail there, too
   */
  // #region read
  read(bytes: Buffer, start: number, end: number): boolean {
    if (end - start < 7) return false;
    const view = viewOf(bytes);
    this.request = view.getUint32(start);
    this.topicAt = start + 5;
    this.topicEnd = this.topicAt + view.getUint8(start + 4);
    let at = this.topicEnd + 2;
    if (at > end) return false;
    this.count = view.getUint16(this.topicEnd);
    this.recordsAt = at;
    this.longestKey = this.longestRecord = 0;
    for (let left = this.count; left > 0; left--) {
      if (end - at < RECORD_HEADER_SIZE) return false;
      const keySize = view.getUint16(at);
      const size = RECORD_HEADER_SIZE + keySize + view.getUint32(at + 2);
      if (keySize > this.longestKey) this.longestKey = keySize;
      if (size > this.longestRecord) this.longestRecord = size;
      at += size;
    }
    return at === end;
  }
  // #endregion read
}
