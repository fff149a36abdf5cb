/**
 * What must not reach the eye as it is: control characters, what turns the direction of writing around, what has no
 * width, line and paragraph separators, other format characters, and halves of surrogate pairs.
 */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\u115f\u1160\u2800\u3164\uffa0]|\u034f|\u17b4|\u17b5|[\u180b-\u180f]|[\ufe00-\ufe0f]|[^\S ]/gu;

/** More than so many marks on one letter paint over the lines around it. */
const STACKED = /(\p{M}{3})\p{M}+/gu;

/**
 * Text from outside, such as a topic's name, so that one sees what is in it: characters that are invisible, or that
 * make others appear elsewhere, are written as `\u{202e}`. The result is text; it is never to be used as markup.
 *
 * @param longest - characters after which it is cut, with an ellipsis
 */
export function visible(text: string, longest = 300): string {
  const cut = text.length > longest * 2 ? text.slice(0, longest * 2) : text;
  const shown = cut
    .replace(HIDDEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
    .replace(STACKED, '$1…');
  const characters = [...shown];
  if (characters.length <= longest && cut === text) return shown;
  return `${characters.slice(0, longest).join('')}…`;
}
