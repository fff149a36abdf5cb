import { checkWhole, LeveretError, OptionError } from '#framing';

/** Takes the bytes of one connection as they come, and cuts them into pieces. */
export interface PieceReader {
  /** Takes the next bytes of the stream, and hands out the pieces that they complete. */
  push(chunk: Buffer): void;
  /** The stream has ended. Throws inside a piece. */
  end(): void;
}

/** Called with each piece, which belongs to whoever is called. */
export type OnPiece = (piece: Buffer) => void;

/** Makes the reader of one connection. */
export type Cutting = (onPiece: OnPiece) => PieceReader;

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
  readonly maxPieceBytes?: number;
}

const EMPTY = Buffer.alloc(0);

/**
 * Cuts a stream into the pieces between delimiters, wherever the network has cut it.
 *
 * Source: the to-do list of the seed flamingo ("buffer data until they find some delimiter").
 */
export class DelimiterReader implements PieceReader {
  readonly #onPiece: OnPiece;
  readonly #delimiter: Buffer;
  readonly #maxPieceBytes: number;

  // Invariant: the first #length bytes of #kept have come, and no delimiter lies whole in them.
  #kept = EMPTY;
  #length = 0;
  #failure: unknown;

  /** @throws OptionError for an empty delimiter, or a limit that is not a whole number of at least 1 */
  constructor(onPiece: OnPiece, { delimiter = '\n', maxPieceBytes = 65_536 }: DelimiterOptions = {}) {
    if (delimiter.length === 0) throw new OptionError('a delimiter has at least one byte');
    this.#onPiece = onPiece;
    this.#delimiter = Buffer.from(delimiter as Uint8Array);
    this.#maxPieceBytes = checkWhole('maxPieceBytes', maxPieceBytes, 1, 0x7fff_ffff);
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
      this.#failure = error;
      throw error;
    }
  }

  /**
   * The stream has ended. An end right after a delimiter is fine.
   *
   * @throws LeveretError `TRUNCATED` when it ended inside a piece
   */
  end(): void {
    if (this.#length === 0) return;
    throw new LeveretError('TRUNCATED', `the stream ended ${this.#length} bytes into a piece`);
  }

  // #region cut
  #cut(chunk: Buffer): void {
    // step 5.5: find the delimiters, also one that is cut in two
    const size = this.#delimiter.length;
    // A delimiter cut in two begins in the last bytes that were kept; earlier ones are not searched again.
    const from = Math.max(0, this.#length - size + 1);
    const bytes = this.#length === 0 ? chunk : this.#append(chunk);
    let [start, end] = [0, bytes.indexOf(this.#delimiter, from)];
    while (end >= 0) {
      this.#check(end - start);
      // A copy: a small slice that is kept would keep a chunk that may be a thousand times larger.
      this.#onPiece(Buffer.from(bytes.subarray(start, end)));
      start = end + size;
      end = bytes.indexOf(this.#delimiter, start);
    }
    if (start > 0 || bytes === chunk) {
      this.#kept = EMPTY;
      this.#length = 0;
      this.#append(bytes.subarray(start));
    }
    // The last bytes may be the beginning of a delimiter, so they may not count yet.
    this.#check(this.#length - size + 1);
  }
  // #endregion cut

  /** Puts a chunk behind what is kept. The buffer doubles, so bytes that come one by one are not copied each time. */
  #append(chunk: Buffer): Buffer {
    const length = this.#length + chunk.length;
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#kept.length * 2));
      this.#kept.copy(larger, 0, 0, this.#length);
      this.#kept = larger;
    }
    chunk.copy(this.#kept, this.#length);
    this.#length = length;
    return this.#kept.subarray(0, length);
  }

  #check(length: number): void {
    if (length <= this.#maxPieceBytes) return;
    throw new LeveretError('TOO_LARGE', `a piece is longer than the limit of ${this.#maxPieceBytes} bytes`);
  }
}
