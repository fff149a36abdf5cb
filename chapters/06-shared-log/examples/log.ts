/**
 * The log of one topic. Two classes keep it: `NaiveLog`, a list of frames, which is
 * easy to believe; and `SegmentLog`, which is fast.
 *
 * Records are appended to an open frame; {@link Log.seal} closes it. Readers see sealed
 * frames only: a socket may ask for more in the middle of a turn, and half a frame must
 * never go out.
 *
 * Source: the seed psa's master log, with what its list of things to do asks for:
 * collection and resuming.
 */
export interface Log {
  /** The oldest id that is still kept; `sealedId + 1` when nothing is. */
  readonly firstId: number;
  /** The newest id that was given out; 0 when there is none. */
  readonly lastId: number;
  /** The newest id that readers may see. */
  readonly sealedId: number;

  /**
   * Copies records into the open frame: the source may be a socket's read buffer.
   *
   * @param source - holds `count` well-formed records in `[from, to)`
   * @param now - monotonic milliseconds, whole; never less than in the call before
   * @returns the id of the first of them; the others follow on
   */
  append(source: Buffer, from: number, to: number, count: number, now: number): number;
  /** Closes the open frame, if there is one. */
  seal(): void;
  /** Lets go of frames that were begun at the time `oldest` or before. */
  expire(oldest: number): void;
}

/**
 * A reader's place in a log. What it has not read yet lies in the log, once for all
 * readers.
 */
export interface LogCursor {
  /** The id of the next record to read, if the log still has it. */
  readonly nextId: number;
  /**
   * The next frames, ready to be sent, and moves behind them. Begins at the log's
   * `firstId` when that is beyond `nextId`.
   *
   * @param limit - how many records it may have at most, 1 or more; all of them, unless
   * told
   * @returns `undefined` when it has read everything that is sealed
   */
  read(limit?: number): Buffer | undefined;
  /**
   * Moves before another record.
   *
   * @param nextId - from the log's `firstId` to its `sealedId + 1`
   */
  moveTo(nextId: number): void;
}
