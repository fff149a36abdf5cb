import { FrameReader, type FrameReaderOptions } from '#framing';
import { type DelimiterOptions, DelimiterReader } from './delimiter-reader.ts';

/** How a pipeline cuts what arrives: as it comes, at a delimiter, or into frames. */
export type Cutting =
  | 'raw'
  | ({ readonly by: 'delimiter' } & DelimiterOptions)
  | ({ readonly by: 'frames' } & FrameReaderOptions);

/** Takes the bytes of one connection and hands out its pieces. */
export interface PieceReader {
  push(chunk: Buffer): void;
  /** Throws when the stream has ended inside a piece. */
  end(): void;
  /** True when a piece has begun and is not complete. */
  readonly midPiece: boolean;
}

/** Called with each piece, a copy that belongs to whoever gets it; `type` is the frame's, where there are frames. */
export type OnPiece = (bytes: Buffer, type: number | undefined) => void;

/**
 * Makes the reader of one connection.
 *
 * @throws RangeError for options out of range
 */
export function createPieceReader(cutting: Cutting, onPiece: OnPiece): PieceReader {
  if (cutting === 'raw') return new RawReader(onPiece);
  if (cutting.by === 'delimiter') {
    return new DelimiterReader((bytes, start, end) => onPiece(copy(bytes, start, end), undefined), cutting);
  }
  return new FramePieces(onPiece, cutting);
}

/** A slice that is kept would keep the whole chunk in memory, which may be a thousand times larger. */
function copy(bytes: Buffer, start: number, end: number): Buffer {
  return Buffer.from(bytes.subarray(start, end));
}

class RawReader implements PieceReader {
  readonly midPiece = false;
  readonly #onPiece: OnPiece;

  constructor(onPiece: OnPiece) {
    this.#onPiece = onPiece;
  }

  push(chunk: Buffer): void {
    this.#onPiece(chunk, undefined);
  }

  end(): void {}
}

class FramePieces implements PieceReader {
  readonly #frames: FrameReader;

  constructor(onPiece: OnPiece, options: FrameReaderOptions) {
    this.#frames = new FrameReader(
      (type, bytes, start, end) => onPiece(copy(bytes, start, end), type),
      options,
    );
  }

  get midPiece(): boolean {
    return this.#frames.midFrame;
  }

  push(chunk: Buffer): void {
    this.#frames.push(chunk);
  }

  end(): void {
    this.#frames.end();
  }
}
