/**
 * The base of every error that leveret raises on purpose. `code` is for programs (match on it, never on the
 * message); `message` is for people and says what to do.
 */
export class LeveretError extends Error {
  /** A short constant name, such as `ADDRESS_IN_USE`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    // step 1.2: refuse a bad size
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An option is not what it may be: a mistake in the program that gave it, not of a peer. */
export class OptionError extends RangeError {
  /** For programs, as in {@link LeveretError}. */
  readonly code = 'BAD_OPTION';
}

/** What can be wrong with a stream of frames. */
export type FrameErrorCode = 'BAD_FRAME' | 'BAD_TEXT' | 'TOO_LARGE' | 'TRUNCATED';

/**
 * The stream of frames is broken. There is no way to find the start of the next frame, so the only answer is
 * to close the connection.
 */
export class FrameError extends LeveretError {
  declare readonly code: FrameErrorCode;

  constructor(code: FrameErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/**
 * What was thrown, as an error of ours. What is none was not the peer's fault but a mistake of the program: it becomes
 * `INTERNAL`, with what was thrown as its cause.
 */
// #region to-leveret-error
export function toLeveretError(thrown: unknown): LeveretError {
  // step 1.13: a server
  if (thrown instanceof LeveretError) return thrown;
  const message = `a fault of the program: ${thrown}`;
  return new LeveretError('INTERNAL', message, { cause: thrown });
}
// #endregion to-leveret-error
