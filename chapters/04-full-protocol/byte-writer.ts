import { HEADER_SIZE } from '#framing';

// With the flag u this finds only halves of a surrogate pair that stand alone.
const loneSurrogate = /[\ud800-\udfff]/u;

/**
 * Builds one whole frame, header included, in one buffer. Room is reserved for the frame's size and for the
 * length of each text, and they are patched when they are known, so no field is measured or copied twice.
 */
export class ByteWriter {
  #bytes: Buffer;
  // Invariant: bytes before #length are written; the first HEADER_SIZE of them are reserved until finish().
  #length = HEADER_SIZE + 1;

  /**
   * @param type type byte of the frame
   * @param bodySize expected bytes of the body: right, and the buffer is allocated once; too small, and it grows
   */
  constructor(type: number, bodySize = 0) {
    this.#bytes = Buffer.allocUnsafe(HEADER_SIZE + 1 + bodySize);
    this.#bytes.writeUInt8(type, HEADER_SIZE);
  }

  /** Write one byte. */
  u8(value: number): this {
    const start = this.#room(1);
    this.#bytes.writeUInt8(value, start);
    return this;
  }

  /** Write two bytes. */
  u16(value: number): this {
    const start = this.#room(2);
    this.#bytes.writeUInt16BE(value, start);
    return this;
  }

  /** Write four bytes. */
  u32(value: number): this {
    const start = this.#room(4);
    this.#bytes.writeUInt32BE(value, start);
    return this;
  }

  /**
   * Write eight bytes.
   *
   * @throws RangeError if `value` is not a whole number from 0 to 2^53 - 1.
   */
  u64(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an id: ${value}`);
    const start = this.#room(8);
    this.#bytes.writeUInt32BE(Math.floor(value / 2 ** 32), start);
    this.#bytes.writeUInt32BE(value >>> 0, start + 4);
    return this;
  }

  /** Write a text of at most 255 bytes behind a length of one byte. */
  text8(value: string): this {
    const start = this.#room(1);
    const size = this.#text(value, 0xff);
    this.#bytes.writeUInt8(size, start);
    return this;
  }

  /** Write a text of at most 65,535 bytes behind a length of two bytes. */
  text16(value: string): this {
    const start = this.#room(2);
    const size = this.#text(value, 0xffff);
    this.#bytes.writeUInt16BE(size, start);
    return this;
  }

  /** Write each character of `value` as the byte with its number. */
  latin1(value: string): this {
    const start = this.#room(value.length);
    if (value.length > 0) this.#bytes.write(value, start, 'latin1');
    return this;
  }

  /** Write a copy of `value`. */
  bytes(value: Uint8Array): this {
    const start = this.#room(value.length);
    this.#bytes.set(value, start);
    return this;
  }

  /** The whole frame. The writer must not be used after this. */
  finish(): Buffer {
    this.#bytes.writeUInt32BE(this.#length - HEADER_SIZE, 0);
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length);
  }

  /** Write UTF-8 and return how many bytes it took. */
  #text(value: string, most: number): number {
    // A UTF-16 unit takes at most three bytes in UTF-8; what was reserved too much is given back.
    const start = this.#room(value.length * 3);
    const size = this.#bytes.write(value, start, 'utf8');
    this.#length = start + size;
    if (size > most) throw new RangeError(`a text of ${size} bytes, but its field holds ${most}`);
    if (size !== value.length && loneSurrogate.test(value)) {
      throw new RangeError(`not well formed, so it has no UTF-8: ${JSON.stringify(value)}`);
    }
    return size;
  }

  /** Make room for `size` bytes and return where they begin. May replace #bytes: call it before touching them. */
  #room(size: number): number {
    const start = this.#length;
    this.#length = start + size;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
    }
    return start;
  }
}
