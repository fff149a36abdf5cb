import { LeveretError } from '#framing';

/** Called for each complete piece, which is `bytes[start, end)`; lent for the length of the call, as a frame is. */
export type PieceHandler = (bytes: Buffer, start: number, end: number) => void;

/** How a stream is cut at a delimiter. */
export interface DelimiterOptions {
  /**
   * What stands between two pieces; it is not handed out.
   * @defaultValue a line feed
   */
  readonly delimiter?: string | Uint8Array;
  /**
   * The longest piece, in bytes.
   * @defaultValue 65,536
   */
  readonly limit?: number;
}

/**
 * Cuts a stream into the pieces between delimiters, wherever the network has cut it.
 *
 * A piece that lies whole in one chunk is handed out where it lies. One that is cut across chunks is put together
 * in a buffer that doubles, so bytes that come one by one cost no more than bytes that come together.
 *
 * Source: the to-do list of the seed flamingo ("buffer data until they find some delimiter").
 */
export class DelimiterReader {
  readonly #onPiece: PieceHandler;
  readonly #delimiter: Buffer;
  readonly #limit: number;

  // Invariant: the first #length bytes of #kept have come, and no delimiter lies whole in them.
  #kept = EMPTY;
  #length = 0;
  #failure: Error | undefined;

  /** @throws RangeError for an empty delimiter or a limit that is not a whole number of at least 1 */
  constructor(onPiece: PieceHandler, options: DelimiterOptions = {}) {
    const { delimiter = '\n', limit = 65_536 } = options;
    if (delimiter.length === 0) throw new RangeError('a delimiter has at least one byte');
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new RangeError(`limit is a whole number of bytes from 1, not ${limit}`);
    }
    this.#onPiece = onPiece;
    this.#delimiter = Buffer.from(delimiter as Uint8Array);
    this.#limit = limit;
  }

  /** True when bytes of a piece are here and its delimiter is not. */
  get midPiece(): boolean {
    return this.#length > 0;
  }

  /**
   * Takes the next bytes of the stream and calls the handler for every piece that they complete.
   *
   * @throws LeveretError `TOO_LARGE` when a piece is longer than the limit, as soon as that is certain; and what the
   * handler throws. From then on every call throws it again
   */
  push(chunk: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#cut(chunk);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#kept = EMPTY;
      throw error;
    }
  }

  /**
   * The stream has ended. An end right after a delimiter is fine.
   *
   * @throws LeveretError `TRUNCATED` when it ended inside a piece
   */
  end(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.midPiece) return;
    this.#failure = new LeveretError('TRUNCATED', `the stream ended ${this.#length} bytes into a piece`);
    throw this.#failure;
  }

  // #region cut
  #cut(chunk: Buffer): void {
    // task 5.5: find the delimiters, also one that is cut in two
    let at = this.#length > 0 ? this.#finish(chunk) : 0;
    for (;;) {
      const end = chunk.indexOf(this.#delimiter, at);
      if (end < 0) break;
      this.#check(end - at);
      const start = at;
      at = end + this.#delimiter.length;
      this.#onPiece(chunk, start, end);
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length);
  }
  // #endregion cut

  /** Looks for the end of the piece that is kept; returns where the next one begins in the chunk. */
  // #region finish
  #finish(chunk: Buffer): number {
    const size = this.#delimiter.length;
    // A delimiter cut in two begins in the last bytes that are kept and ends in the first ones of the chunk.
    const from = Math.max(0, this.#length - (size - 1));
    const seam = Buffer.concat([this.#kept.subarray(from, this.#length), chunk.subarray(0, size - 1)]);
    const cut = seam.indexOf(this.#delimiter);
    if (cut >= 0) {
      const next = cut + size - (this.#length - from);
      this.#handOut(from + cut);
      return next;
    }
    const end = chunk.indexOf(this.#delimiter);
    this.#keep(chunk, 0, end < 0 ? chunk.length : end);
    if (end < 0) return chunk.length;
    this.#handOut(this.#length);
    return end + size;
  }
  // #endregion finish

  #handOut(length: number): void {
    this.#check(length);
    const piece = this.#kept;
    this.#kept = EMPTY;
    this.#length = 0;
    this.#onPiece(piece, 0, length);
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    // The last bytes may be the beginning of a delimiter, so they may not count yet.
    this.#check(length - (this.#delimiter.length - 1));
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#kept.length * 2));
      this.#kept.copy(larger, 0, 0, this.#length);
      this.#kept = larger;
    }
    chunk.copy(this.#kept, this.#length, start, end);
    this.#length = length;
  }

  #check(length: number): void {
    if (length <= this.#limit) return;
    throw new LeveretError('TOO_LARGE', `a piece is longer than the limit of ${this.#limit} bytes`);
  }
}

const EMPTY = Buffer.alloc(0);
