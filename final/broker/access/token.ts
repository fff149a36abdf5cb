import { createHash, timingSafeEqual } from 'node:crypto';
import type { TokenRule } from './access.ts';

/**
 * A token that clients are measured against. Only its digest is kept, and comparing takes the same time however
 * much of a guess is right.
 */
export class Token {
  readonly #digest: Buffer;

  /** @param rule - with the token itself, or with its SHA-256 in hexadecimal digits */
  constructor({ token = '', tokenSha256 }: Pick<TokenRule, 'token' | 'tokenSha256'>) {
    this.#digest = tokenSha256 === undefined ? digest(token) : Buffer.from(tokenSha256, 'hex');
  }

  /** Whether this is the token. */
  is(given: string): boolean {
    // Digests have one length, which timingSafeEqual asks for, and tell nothing of the token's own.
    return timingSafeEqual(this.#digest, digest(given));
  }
}

/** What a configuration may hold in the place of a token. */
export function tokenSha256(token: string): string {
  return digest(token).toString('hex');
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
