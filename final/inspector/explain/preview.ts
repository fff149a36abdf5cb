import { decodeText } from '#framing';
import { visible } from './visible-text.ts';

/** The text that some bytes are; undefined when they are not valid UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decodeText(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes as text where they are text, otherwise as hexadecimal numbers. */
export function previewOf(bytes: Uint8Array, cut = false): string {
  // A cut may go through the middle of a character.
  for (let drop = 0; drop <= (cut ? 3 : 0); drop++) {
    const text = textOf(bytes.subarray(0, bytes.length - drop));
    if (text !== undefined) return visible(text, 200);
  }
  return hexOf(bytes);
}

/** Bytes as hexadecimal numbers, the first 32 of many. */
export function hexOf(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, 32)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > 32 ? `${shown} …` : shown;
}
