import { type FrameHandler, FrameReader, HEADER_SIZE, TYPE_SIZE } from '#framing';

/**
 * Frames that have come already while their client must wait. A socket that is paused gives no more; but the chunk
 * at hand may hold thousands of frames, and these are buffered as they came: bytes, not objects.
 */
export class PostponedFrames {
  #bytes = Buffer.alloc(4096);
  #size = 0;

  /** Buffers a frame. Its bytes are copied. */
  add(type: number, bytes: Buffer, start: number, end: number): void {
    const at = this.#size;
    this.#size += HEADER_SIZE + TYPE_SIZE + end - start;
    if (this.#size > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#size, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    this.#bytes.writeUInt32BE(TYPE_SIZE + end - start, at);
    this.#bytes[at + HEADER_SIZE] = type;
    bytes.copy(this.#bytes, at + HEADER_SIZE + TYPE_SIZE, start, end);
  }

  /** Hands all of them out, in order. */
  replay(onFrame: FrameHandler): void {
    new FrameReader(onFrame, { limit: 0xffff_ffff }).push(this.#bytes.subarray(0, this.#size));
  }
}
