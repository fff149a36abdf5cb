import { FrameError } from './errors.ts';
import { checkSize, DEFAULT_FRAME_LIMIT, HEADER_SIZE, TYPE_SIZE } from './frame.ts';
import { checkWhole } from './limits.ts';

/**
 * Called for each complete frame. The body is `bytes[start, end)`.
 *
 * It is lent, not given: after the call the same memory may hold other bytes. Copy what you keep.
 */
export type FrameHandler = (type: number, bytes: Buffer, start: number, end: number) => void;

/** Options of a {@link FrameReader}. */
export interface FrameReaderOptions {
  /**
   * The largest frame size that is accepted, in bytes.
   * @defaultValue {@link DEFAULT_FRAME_LIMIT} (1 MiB)
   */
  readonly limit?: number;
}

/**
 * Turns a stream of bytes, cut anywhere, back into frames.
 *
 * A frame that lies whole in one chunk is handed out where it lies: nothing is copied or allocated. Only a
 * frame that is cut across chunks is put together, in one buffer of its known size, so its cost grows with
 * its bytes and not with the number of pieces.
 *
 * Source: the seed zaichik's codec; the two-part decoder of libp2p yamux.
 */
export class FrameReader {
  // step 1.4: frames that lie whole in a chunk
  // #region fields
  readonly #onFrame: FrameHandler;

  // Invariant: of the frame that is being put together we hold either 0 to 3 bytes of
  // its size (in #size, #sizeBytes of them; #frame is undefined), or its whole size:
  // then #frame has exactly that many bytes, and the first #filled of them are here.
  #size = 0;
  #sizeBytes = 0;
  #frame: Buffer | undefined;
  #filled = 0;
  #limit: number;
  #failed = false;
  #failure: unknown;

  constructor(onFrame: FrameHandler, options: FrameReaderOptions = {}) {
    const { limit = DEFAULT_FRAME_LIMIT } = options;
    checkLimit(limit);
    this.#onFrame = onFrame;
    this.#limit = limit;
  }

  /**
   * The largest frame size that is accepted, in bytes. It may change at any time,
   * also in the handler, and holds for every frame whose size is not known yet.
   *
   * @throws RangeError when set to anything but a whole number from 1 to 2^32 - 1
   */
  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    checkLimit(limit);
    this.#limit = limit;
  }

  /** True when the bytes so far end inside a frame. */
  get midFrame(): boolean {
    return this.#sizeBytes > 0;
  }

  /**
   * Bytes of memory that the frame takes that is being put together: its whole size,
   * from the moment when that is known.
   */
  get heldBytes(): number {
    // step 1.5: a frame that was cut
    return this.#frame?.length ?? 0;
  }
  // #endregion fields

  /**
   * Takes the next bytes of the stream and calls the handler for every frame that they complete. The handler
   * must not call it.
   *
   * @throws {@link FrameError} `BAD_FRAME` or `TOO_LARGE`, and what the handler throws; from then on every call
   * throws it again
   */
  // #region push
  push(chunk: Buffer): void {
    if (this.#failed) throw this.#failure;
    try {
      let at = this.midFrame ? this.#resume(chunk, 0) : 0;
      const length = chunk.length;
      const onFrame = this.#onFrame;
      while (length - at >= HEADER_SIZE) {
        const size =
          // Several times faster than readUInt32BE; >>> 0 keeps it unsigned.
          (((chunk[at] as number) << 24) |
            ((chunk[at + 1] as number) << 16) |
            ((chunk[at + 2] as number) << 8) |
            (chunk[at + 3] as number)) >>>
          0;
        if (size < TYPE_SIZE || size > this.#limit) checkSize(size, this.#limit);
        const start = at + HEADER_SIZE;
        const end = start + size;
        if (end > length) break;
        at = end;
        onFrame(chunk[start] as number, chunk, start + TYPE_SIZE, end);
      }
      if (at < length) this.#resume(chunk, at);
    } catch (error) {
      // The rest of the chunk is lost: there is no going on after this, whoever threw
      // it.
      this.#failed = true;
      this.#failure = error;
      throw error;
    }
  }
  // #endregion push

  /**
   * The stream has ended. An end between two frames is fine.
   *
   * @throws {@link FrameError} `TRUNCATED` when it ended inside a frame
   */
  // #region end
  end(): void {
    // step 1.6: an end in the middle of a frame
    if (this.#failed) throw this.#failure;
    if (!this.midFrame) return;
    const isSizeKnown = this.#frame !== undefined;
    const have = isSizeKnown ? HEADER_SIZE + this.#filled : this.#sizeBytes;
    this.#failed = true;
    const where = `inside a frame, ${have} bytes into it`;
    this.#failure = new FrameError('TRUNCATED', `the stream ended ${where}`);
    throw this.#failure;
  }
  // #endregion end

  /**
   * Adds the bytes of a chunk to the frame that is being put together, and hands it out once it is complete.
   *
   * @returns where in the chunk the next frame begins; its length when the frame took all of it
   */
  // #region resume
  #resume(chunk: Buffer, from: number): number {
    // step 1.5: a frame that was cut
    let at = from;
    while (this.#sizeBytes < HEADER_SIZE) {
      if (at === chunk.length) return at;
      this.#size = ((this.#size << 8) | (chunk[at++] as number)) >>> 0;
      this.#sizeBytes++;
    }
    if (this.#frame === undefined) {
      // Only now, with a size that was checked, is there anything to allocate.
      checkSize(this.#size, this.#limit);
      this.#frame = Buffer.allocUnsafeSlow(this.#size);
    }
    const frame = this.#frame;
    const wanted = Math.min(frame.length - this.#filled, chunk.length - at);
    chunk.copy(frame, this.#filled, at, at + wanted);
    this.#filled += wanted;
    at += wanted;
    if (this.#filled < frame.length) return at;
    // Forget the frame before the call: the handler may throw, or ask where the
    // reader is.
    this.#frame = undefined;
    this.#size = this.#sizeBytes = this.#filled = 0;
    this.#onFrame(frame[0] as number, frame, TYPE_SIZE, frame.length);
    return at;
  }
  // #endregion resume
}

/**
 * Checks a frame limit before anything relies on it.
 *
 * @throws RangeError that names the bad value
 */
// #region check-limit
export function checkLimit(limit: number): void {
  // step 1.4: frames that lie whole in a chunk
  checkWhole('limit', limit, TYPE_SIZE, 0xffff_ffff);
}
// #endregion check-limit
