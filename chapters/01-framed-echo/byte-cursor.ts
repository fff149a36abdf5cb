import { FrameError, OptionError } from './errors.ts';

/** Largest id on the wire: the largest whole number that a JavaScript number holds exactly. */
export const MAX_ID = Number.MAX_SAFE_INTEGER;

/** How many bytes a number may take. */
export type Width = 1 | 2 | 4 | 8;

/** The largest number that so many bytes hold. */
const MOST: Readonly<Record<Width, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff, 8: MAX_ID };

/**
 * A place in some bytes, which moves on with every field that is read or written. Nothing leads past the end: a length
 * that does is refused before anything is allocated for it. Numbers are unsigned and big-endian.
 */
export class ByteCursor {
  // step 1.7: numbers, never past the end
  readonly bytes: Uint8Array;
  // Invariant: at <= end <= bytes.length; what lies before `at` has been read, or written.
  at: number;
  readonly end: number;

  // #region cursor
  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.end - this.at;
  }
  /**
   * Steps over `size` bytes.
   *
   * @returns where they begin
   * @throws {@link FrameError} `BAD_FRAME` when fewer are left
   */
  skip(size: number): number {
    const start = this.at;
    if (size > this.end - start) {
      const left = this.end - start;
      throw new FrameError('BAD_FRAME', `a field of ${size} bytes, but ${left} are left`);
    }
    this.at = start + size;
    return start;
  }

  /** Reads a number. Above 2^53 - 1 it is read as that: no broker gives such an id. */
  number(width: Width): number {
    if (width === 8) return Math.min(this.number(4) * 2 ** 32 + this.number(4), MAX_ID);
    const { bytes } = this;
    const start = this.skip(width);
    let value = 0;
    for (let i = start; i < start + width; i++) {
      value = (value << 8) | (bytes[i] as number);
    }
    return value >>> 0;
  }

  /** Reads bytes, as a view of them: copy what you keep. */
  view(size: number): Uint8Array {
    const start = this.skip(size);
    return this.bytes.subarray(start, start + size);
  }

  /**
   * Writes a number.
   *
   * @throws {@link OptionError} when it does not fit into so many bytes
   */
  putNumber(value: number, width: Width): void {
    if (!Number.isSafeInteger(value) || value < 0 || value > MOST[width]) {
      const rule = `a field takes a whole number from 0 to ${MOST[width]}`;
      throw new OptionError(`${rule}, not ${value}`);
    }
    if (width === 8) {
      this.putNumber(Math.floor(value / 2 ** 32), 4);
      this.putNumber(value % 2 ** 32, 4);
      return;
    }
    const { bytes } = this;
    const start = this.skip(width);
    // A place in the array takes the lowest eight bits.
    for (let i = start + width - 1, rest = value; i >= start; i--, rest >>>= 8) {
      bytes[i] = rest;
    }
  }

  /** Writes bytes. */
  put(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.skip(bytes.length));
  }
  // #endregion cursor
}
