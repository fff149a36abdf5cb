import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * A token that clients are measured against. Only its digest is kept, and comparing takes the same time however
 * much of a guess is right.
 */
export class Token {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digest(token);
  }

  /** Whether this is the token. */
  is(given: string): boolean {
    // Digests have one length, which timingSafeEqual asks for, and tell nothing of the token's own.
    return timingSafeEqual(this.#digest, digest(given));
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
