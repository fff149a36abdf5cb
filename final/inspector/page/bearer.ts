/**
 * The value of the header `Authorization` for a token. A header holds bytes, and `fetch` takes one letter for each of them:
 * so the token goes as its bytes in UTF-8, as other programs send it.
 */
export function bearer(token: string): string {
  const bytes = Array.from(new TextEncoder().encode(token), (byte) => String.fromCharCode(byte));
  return `Bearer ${bytes.join('')}`;
}
