import { MAX_ID } from './constants.ts';
import { ProtocolError } from './protocol-error.ts';

// ignoreBOM: without it a leading U+FEFF is dropped, and two different names become one.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A cursor over the body of one frame. Every read is checked against the end of the body first: a length that
 * leads past it is refused before anything is allocated for it. Numbers are big-endian.
 *
 * What {@link ByteReader.view} returns points into the bytes given, which are valid only during the call of the
 * frame handler: copy what you keep.
 */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  // Invariant: start <= #offset <= #end; the bytes before #offset have been read.
  #offset: number;

  /** Reads `bytes[start, end)`. */
  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  /** Bytes that have not been read. */
  get remaining(): number {
    return this.#end - this.#offset;
  }

  // #region take
  /**
   * Step over `size` bytes and return where they begin.
   *
   * @throws ProtocolError BAD_FRAME if fewer remain.
   */
  take(size: number): number {
    const start = this.#offset;
    if (size > this.#end - start) {
      throw new ProtocolError('BAD_FRAME', `a field of ${size} bytes, but ${this.#end - start} are left`);
    }
    this.#offset = start + size;
    return start;
  }
  // #endregion take

  /** One byte. */
  u8(): number {
    return this.#bytes.readUInt8(this.take(1));
  }

  /** Two bytes. */
  u16(): number {
    return this.#bytes.readUInt16BE(this.take(2));
  }

  /** Four bytes. */
  u32(): number {
    return this.#bytes.readUInt32BE(this.take(4));
  }

  /**
   * Eight bytes. A value above 2^53 - 1, which a JavaScript number cannot hold exactly, is read as 2^53 - 1: no
   * broker ever gives out such an id, so it stays what it was, an id in the future.
   */
  u64(): number {
    const start = this.take(8);
    const value = this.#bytes.readUInt32BE(start) * 2 ** 32 + this.#bytes.readUInt32BE(start + 4);
    return value > MAX_ID ? MAX_ID : value;
  }

  /** Text behind a length of one byte. */
  text8(): string {
    return this.text(this.u8());
  }

  /** Text behind a length of two bytes. */
  text16(): string {
    return this.text(this.u16());
  }

  // #region text
  /**
   * The next `size` bytes as UTF-8, decoded strictly.
   *
   * @throws ProtocolError BAD_TEXT if they are not valid UTF-8, BAD_FRAME if fewer remain.
   */
  text(size: number): string {
    const start = this.take(size);
    const end = start + size;
    if (isAscii(this.#bytes, start, end)) return this.#bytes.toString('latin1', start, end);
    try {
      return strictUtf8.decode(this.#bytes.subarray(start, end));
    } catch (cause) {
      throw new ProtocolError('BAD_TEXT', 'a text is not valid UTF-8', { cause });
    }
  }
  // #endregion text

  /** The next `size` bytes, each as the character with that number: a key, held as a short string. */
  latin1(size: number): string {
    const start = this.take(size);
    return size === 0 ? '' : this.#bytes.toString('latin1', start, start + size);
  }

  /** A view of the next `size` bytes; not a copy. */
  view(size: number): Buffer {
    const start = this.take(size);
    return this.#bytes.subarray(start, start + size);
  }

  /** A view of all the bytes that remain; not a copy. */
  rest(): Buffer {
    return this.view(this.remaining);
  }

  /**
   * To be called after the last field of a frame.
   *
   * @throws ProtocolError BAD_FRAME if bytes remain.
   */
  finish(): void {
    if (this.remaining > 0) {
      throw new ProtocolError('BAD_FRAME', `${this.remaining} bytes behind the last field of the frame`);
    }
  }
}

// Most names are ASCII, and for a short run of bytes this loop costs less than one call of the TextDecoder.
function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if ((bytes[i] ?? 0) > 0x7f) return false;
  }
  return true;
}
