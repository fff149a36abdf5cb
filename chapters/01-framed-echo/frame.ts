/**
 * The shape of a frame, in one place:
 *
 *     u32 size (big-endian) | u8 type | body
 *
 * `size` counts the type byte and the body, but not itself, so the smallest frame has a size of 1.
 */
import { FrameError } from './errors.ts';

/** Bytes of the size field that opens every frame. */
export const HEADER_SIZE = 4;

/** Bytes of the type field that follows it. */
export const TYPE_SIZE = 1;

/** The largest `size` that a reader accepts unless told otherwise: 1 MiB. */
export const DEFAULT_FRAME_LIMIT = 1_048_576;

/** One frame as a value of its own: the body is a copy that its holder may keep. */
export interface Frame {
  /** What kind of frame this is, 0 to 255. */
  readonly type: number;
  /** The bytes after the type; may be empty. */
  readonly body: Buffer;
}

/**
 * Lays one frame out as bytes.
 *
 * @param type - 0 to 255
 * @param body - may be empty
 * @returns a new buffer: `u32 size | u8 type | body`
 * @throws RangeError when `type` does not fit in a byte, or the body not in a u32
 */
// #region encode
export function encodeFrame(type: number, body: Uint8Array): Buffer {
  // step 1.1: lay out one frame
  if (!Number.isInteger(type) || type < 0 || type > 255) {
    throw new RangeError(`a frame type is a whole number from 0 to 255, not ${type}`);
  }
  const frame = Buffer.allocUnsafe(HEADER_SIZE + TYPE_SIZE + body.length);
  frame.writeUInt32BE(TYPE_SIZE + body.length, 0);
  frame[HEADER_SIZE] = type;
  frame.set(body, HEADER_SIZE + TYPE_SIZE);
  return frame;
}
// #endregion encode

/**
 * Refuses a size as soon as it is known, before a single byte of the frame is kept.
 *
 * @param size - the value of the size field
 * @param limit - the largest size that is accepted
 * @throws {@link FrameError} `BAD_FRAME` for 0, `TOO_LARGE` above the limit
 */
// #region check-size
export function checkSize(size: number, limit: number): void {
  // step 1.2: refuse a bad size
  if (size < TYPE_SIZE) {
    const rule = 'a frame has a size of at least 1 (its type byte)';
    throw new FrameError('BAD_FRAME', `${rule}; this one says 0`);
  }
  if (size > limit) {
    const what = `a frame of ${size} bytes is above the limit of ${limit}`;
    throw new FrameError('TOO_LARGE', `${what}; send less at once or raise the limit`);
  }
}
// #endregion check-size
