import { createHash, timingSafeEqual } from 'node:crypto';

/** A token as it is given: itself or its SHA-256 in hexadecimal digits. */
export interface TokenText {
  readonly token?: string | undefined;
  readonly tokenSha256?: string | undefined;
}

/**
 * A token that clients are measured against. Only its digest is kept, and comparing takes the same time however
 * much of a guess is right.
 */
export class Token {
  readonly #digest: Buffer;

  constructor({ token = '', tokenSha256 }: TokenText) {
    this.#digest = tokenSha256 === undefined ? digest(token) : Buffer.from(tokenSha256, 'hex');
  }

  /** Whether both are made of the same secret. */
  equals(other: Token): boolean {
    // Digests have one length, which timingSafeEqual asks for, and tell nothing of the token's own.
    return timingSafeEqual(this.#digest, other.#digest);
  }
}

/** What a configuration may hold in the place of a token. */
export function tokenSha256(token: string): string {
  return digest(token).toString('hex');
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
