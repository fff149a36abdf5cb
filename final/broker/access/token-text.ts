// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * What keeps a text from being a token, in words that do not repeat it; undefined when nothing does. A token has to go
 * through the header of an HTTP request, where control characters may not stand and spaces at both ends get lost.
 */
export function whyNoToken(text: string): string | undefined {
  if (text.trim() !== text) return 'begins or ends with a space or a line end, which get lost on the way';
  if (CONTROL.test(text))
    return 'holds a control character, such as a tab or a line end: take letters, digits and signs';
  if (Buffer.from(text).toString() !== text) return 'holds half of a character (a lone surrogate)';
  return undefined;
}
