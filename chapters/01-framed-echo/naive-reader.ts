import { checkSize, DEFAULT_FRAME_LIMIT, HEADER_SIZE, TYPE_SIZE } from './frame.ts';
import type { FrameHandler } from './frame-reader.ts';

/**
 * A reader in the fewest lines: right, and a gift to an attacker, for every chunk copies all that is kept. The lesson begins
 * with it; {@link FrameReader} takes its place.
 */
export class NaiveReader {
  // step 1.3: a reader, the short way
  // #region fields
  readonly #onFrame: FrameHandler;
  /** What has come, from the beginning of a frame on. */
  #kept: Buffer = Buffer.alloc(0);

  constructor(onFrame: FrameHandler) {
    this.#onFrame = onFrame;
  }
  // #endregion fields

  /**
   * Takes the next bytes of the stream and calls the handler for every frame that they complete.
   *
   * @throws {@link FrameError} `BAD_FRAME` or `TOO_LARGE`
   */
  // #region push
  push(chunk: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, chunk]);
    while (this.#kept.length >= HEADER_SIZE) {
      const size = this.#kept.readUInt32BE(0);
      checkSize(size, DEFAULT_FRAME_LIMIT);
      const end = HEADER_SIZE + size;
      if (this.#kept.length < end) return;
      const frame = this.#kept;
      this.#kept = frame.subarray(end);
      this.#onFrame(frame[HEADER_SIZE] as number, frame, HEADER_SIZE + TYPE_SIZE, end);
    }
  }
  // #endregion push
}
