import { LoadError, type MessageCounter } from './adapter.ts';

/** How a delivery looks in a protocol whose deliveries of one payload size all have the same size. */
export interface FixedDelivery {
  /** The bytes before the payload; they open every delivery. */
  readonly prefix: Buffer;
  /** Bytes of a whole delivery: prefix, payload and what follows it. */
  readonly size: number;
  /** Bytes that the broker may send between two deliveries (a ping), and what to reply. */
  readonly aside?: { readonly bytes: Buffer; readonly reply: Buffer } | undefined;
}

/** The first deliveries of every connection are compared byte by byte, whatever the chunk looks like. */
const VERIFIED = 64;

/**
 * Counts deliveries by dividing: it looks at the first and the last message boundary of a chunk and trusts what
 * lies between, since anything in between would move the last boundary. When a boundary does not look right
 * (a ping came in between) the chunk is walked message by message.
 *
 * The payload must not contain the first byte of the prefix.
 */
export class FixedCounter implements MessageCounter {
  readonly #delivery: FixedDelivery;
  readonly #reply: (bytes: Buffer) => void;
  readonly #size: number;
  readonly #marker: number;
  /** Bytes until the next boundary, and whether a message ends there. */
  #remaining = 0;
  #inMessage = false;
  #toVerify = VERIFIED;

  constructor(delivery: FixedDelivery, reply: (bytes: Buffer) => void) {
    this.#delivery = delivery;
    this.#reply = reply;
    this.#size = delivery.size;
    this.#marker = delivery.prefix[0] ?? 0;
  }

  count(bytes: Buffer, length: number): number {
    const first = this.#remaining;
    if (first > length) {
      this.#remaining -= length;
      return 0;
    }
    const done = first > 0 && this.#inMessage ? 1 : 0;
    const whole = Math.floor((length - first) / this.#size);
    const last = first + whole * this.#size;
    const looksRight =
      this.#toVerify <= 0 &&
      (whole === 0 || (bytes[first] === this.#marker && bytes[last - this.#size] === this.#marker)) &&
      (last === length || bytes[last] === this.#marker);
    if (!looksRight) return done + this.#walk(bytes, first, length);
    this.#remaining = last === length ? 0 : this.#size - (length - last);
    this.#inMessage = true;
    return done + whole;
  }

  #walk(bytes: Buffer, from: number, length: number): number {
    const { prefix, aside } = this.#delivery;
    let messages = 0;
    let at = from;
    this.#inMessage = false;
    while (at < length) {
      const isMessage = startsWith(bytes, at, length, prefix);
      if (!isMessage && !(aside && startsWith(bytes, at, length, aside.bytes))) {
        throw new LoadError(
          `neither a delivery nor a ping: ${bytes.toString('latin1', at, Math.min(length, at + 40))}`,
        );
      }
      if (!isMessage && aside) this.#reply(aside.reply);
      if (isMessage) this.#toVerify--;
      at += isMessage ? this.#size : (aside?.bytes.length ?? 0);
      this.#inMessage = isMessage;
      if (isMessage && at <= length) messages++;
    }
    this.#remaining = at - length;
    return messages;
  }
}

/** Whether `bytes` has `expected` at `at`, as far as the chunk reaches. */
function startsWith(bytes: Buffer, at: number, length: number, expected: Buffer): boolean {
  const end = Math.min(length, at + expected.length);
  return bytes.compare(expected, 0, end - at, at, end) === 0;
}
