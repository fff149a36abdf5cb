import type { ByteCursor, Width } from './byte-cursor.ts';
import { decodeText, encodeText, textSize } from './text.ts';
// step 1.8: text and fields

/** How one kind of value lies in a frame. */
export interface Field<T> {
  /** As a specification writes it: `u32`, `text8`, ... */
  readonly form: string;
  /** Bytes that a value takes. */
  size(value: T): number;
  /** @throws OptionError when the value does not fit */
  write(to: ByteCursor, value: T): void;
  /** @throws FrameError for bytes that are none */
  read(from: ByteCursor): T;
}

// #region fields
/** A number of so many bytes, unsigned and big-endian: `u8` to `u64`. */
export function numberField(width: Width): Field<number> {
  return {
    form: `u${width * 8}`,
    size: () => width,
    write: (to, value) => to.putNumber(value, width),
    read: (from) => from.number(width),
  };
}

/** Text behind its length, which counts bytes of UTF-8: `text8` or `text16`. */
export function textField(width: 1 | 2): Field<string> {
  return {
    form: `text${width * 8}`,
    size: (value) => width + textSize(value),
    write(to, value) {
      const bytes = encodeText(value);
      to.putNumber(bytes.length, width);
      to.put(bytes);
    },
    read: (from) => decodeText(from.view(from.number(width))),
  };
}
// #endregion fields
