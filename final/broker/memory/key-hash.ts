import { randomBytes } from 'node:crypto';

/**
 * HalfSipHash-1-3 with 32 bits: a hash with a secret, so that nobody can make keys that all fall into the same place.
 *
 * Source: J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF"; the Linux kernel's hsiphash.
 */
export class KeyHash {
  readonly #low: number;
  readonly #high: number;

  /** @param secret - 8 bytes that no client knows */
  constructor(secret: Buffer = randomBytes(8)) {
    this.#low = secret.readInt32LE(0);
    this.#high = secret.readInt32LE(4);
  }

  /** The hash of `bytes[from, to)`, as a signed number. */
  of(bytes: Buffer, from: number, to: number): number {
    let v0 = this.#low;
    let v1 = this.#high;
    let v2 = v0 ^ 0x6c796765;
    let v3 = v1 ^ 0x74656462;
    const whole = from + ((to - from) & ~3);
    let rounds = ((to - from) >>> 2) + 4;
    // The words of the key, the rest of it with its length, and three rounds more.
    for (let at = from; rounds > 0; at += 4, rounds--) {
      let word = 0;
      if (at < whole) {
        word =
          (bytes[at] as number) |
          ((bytes[at + 1] as number) << 8) |
          ((bytes[at + 2] as number) << 16) |
          ((bytes[at + 3] as number) << 24);
      } else if (at === whole) {
        word = (to - from) << 24;
        for (let i = to - 1; i >= whole; i--) word |= (bytes[i] as number) << (8 * (i - whole));
      } else if (at === whole + 4) {
        v2 ^= 0xff;
      }
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    return v1 ^ v3;
  }
}
