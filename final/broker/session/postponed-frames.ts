import { type FrameHandler, HEADER_SIZE, TYPE_SIZE } from '#framing';

/**
 * Frames that have come already while their client must wait. A socket that is paused gives no more; but the chunk
 * at hand may hold thousands of frames, and these are buffered as they came: bytes, not objects.
 */
export class PostponedFrames {
  #bytes = Buffer.alloc(4096);
  // What waits lies from #from to #to.
  #from = 0;
  #to = 0;

  /** Whether none waits. */
  get isEmpty(): boolean {
    return this.#from === this.#to;
  }

  /** Bytes of memory that it takes. */
  get heldBytes(): number {
    return this.#bytes.length;
  }

  /** Buffers a frame. Its bytes are copied. */
  add(type: number, bytes: Buffer, start: number, end: number): void {
    const at = this.#to;
    this.#to += HEADER_SIZE + TYPE_SIZE + end - start;
    if (this.#to > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#to, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    this.#bytes.writeUInt32BE(TYPE_SIZE + end - start, at);
    this.#bytes[at + HEADER_SIZE] = type;
    bytes.copy(this.#bytes, at + HEADER_SIZE + TYPE_SIZE, start, end);
  }

  /**
   * Hands them out, in order, until `stop` says so. Those that are left stay where they are: however often it is stopped,
   * no byte is copied again.
   */
  replay(onFrame: FrameHandler, stop: () => boolean): void {
    while (!this.isEmpty && !stop()) {
      const bytes = this.#bytes;
      const start = this.#from + HEADER_SIZE + TYPE_SIZE;
      const end = this.#from + HEADER_SIZE + bytes.readUInt32BE(this.#from);
      this.#from = end;
      onFrame(bytes[start - TYPE_SIZE] as number, bytes, start, end);
    }
  }
}
