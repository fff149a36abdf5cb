/** Text and its bytes: UTF-8, strictly, so that two names are equal only if their bytes are. */
import { FrameError, OptionError } from './errors.ts';

// step 1.8: text and fields

const encoder = new TextEncoder();
// ignoreBOM: without it a leading U+FEFF is dropped, and two different names become one.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A longer text is left to the decoder, which is faster from about here on. */
const SHORT = 64;

// #region text
/** Bytes that a text takes. */
export function textSize(text: string): number {
  let size = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Two bytes up to 0x7ff, then three; half of a surrogate pair has two of its
    // pair's four.
    if (unit > 0x7f) size += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return size;
}

/**
 * The bytes of a text.
 *
 * @throws {@link OptionError} for half of a surrogate pair, which has no UTF-8
 */
export function encodeText(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) {
    const quoted = JSON.stringify(text);
    throw new OptionError(`${quoted} is not well formed, so it has no UTF-8`);
  }
  return encoder.encode(text);
}
/**
 * The text of some bytes.
 *
 * @throws {@link FrameError} `BAD_TEXT` when they are not valid UTF-8
 */
export function decodeText(bytes: Uint8Array): string {
  const isAscii = bytes.length < SHORT && bytes.every((byte) => byte < 0x80);
  if (isAscii) return toLatin1(bytes);
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new FrameError('BAD_TEXT', 'a text is not valid UTF-8', { cause });
  }
}

/**
 * Each byte as the character with that number. A key is held so: a short string that
 * can be compared.
 */
export function toLatin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The opposite of {@link toLatin1}. */
export function fromLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Bytes in hexadecimal, two digits each. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
// #endregion text
