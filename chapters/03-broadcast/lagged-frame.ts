import { FrameError } from '#framing';

// #region lagged
/** The frame type that tells a client how many frames it missed: `L`, for lagged. */
export const LAGGED_TYPE = 0x4c;

const LARGEST_COUNT = 0xffff_ffff;

/**
 * The body of a lagged frame: `u32 count`, big-endian.
 *
 * @param count - frames missed since the last frame before this one; above
 *   4,294,967,295 it says that number
 */
export function encodeLagged(count: number): Buffer {
  // step 3.9: the notice of a loss
  const body = Buffer.alloc(4);
  body.writeUInt32BE(Math.min(count, LARGEST_COUNT));
  return body;
}

/**
 * How many frames were missed.
 *
 * @throws FrameError `BAD_FRAME` when the body is not 4 bytes long
 */
export function decodeLagged(body: Buffer): number {
  // step 3.9: read the notice of a loss
  if (body.length !== 4)
    throw new FrameError('BAD_FRAME', `a lagged frame has 4 bytes, not ${body.length}`);
  return body.readUInt32BE();
}
// #endregion lagged
