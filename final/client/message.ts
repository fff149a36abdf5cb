import { LeveretError } from '#framing';
import { RECORD_HEADER_SIZE } from '#protocol';
import { u16, u32 } from './big-endian.ts';
import type { Position } from './position.ts';

/**
 * A message that has come.
 *
 * It may be kept as long as you like. At first it points into the chunk of bytes that was read from the socket (256 KiB as
 * a rule); the first use of `payload` gives it a copy of its own. So what you keep costs what it weighs, and what you only
 * look at, by `text()` or `view`, is never copied.
 *
 * @example
 * ```ts
 * for await (const message of subscription) {
 *   console.log(message.topic, message.id, message.key, message.text());
 * }
 * ```
 */
export class Message {
  /** Its number in its topic. */
  readonly id: number;
  readonly #position: Position;
  // The record lies at #at of #bytes.
  #bytes: Uint8Array;
  #at: number;
  #isOwn: boolean;

  /**
   * For the client.
   * @internal
   */
  constructor(position: Position, id: number, bytes: Uint8Array, at: number) {
    this.id = id;
    this.#position = position;
    this.#bytes = bytes;
    this.#at = at;
    this.#isOwn = false;
  }

  /** The topic that it was published to. */
  get topic(): string {
    return this.#position.topic;
  }

  /** Its name for dedupe, read as UTF-8; `''` if it has none. */
  get key(): string {
    const size = u16(this.#bytes, this.#at);
    if (size === 0) return '';
    const from = this.#at + RECORD_HEADER_SIZE;
    return this.#position.platform.decode(this.#bytes, from, from + size);
  }

  /** Bytes of its payload. */
  get size(): number {
    return u32(this.#bytes, this.#at + 2);
  }

  /** Its content, as bytes of its own: keep them, change them. */
  get payload(): Uint8Array {
    this.detach();
    return this.view;
  }

  /**
   * Its content where it lies. For those who look and forget: as long as the view is kept, all that was read from the
   * socket with it is kept too; and it must not be changed.
   */
  get view(): Uint8Array {
    const start = this.#start;
    return this.#bytes.subarray(start, start + this.size);
  }

  /** Its content as text, read as UTF-8; what is not valid becomes U+FFFD. */
  text(): string {
    const start = this.#start;
    return this.#position.platform.decode(this.#bytes, start, start + this.size);
  }

  /**
   * Its content as JSON.
   *
   * @throws LeveretError `BAD_JSON` when it is none
   */
  json(): unknown {
    try {
      return JSON.parse(this.text());
    } catch (cause) {
      throw new LeveretError('BAD_JSON', `message ${this.id} of ${this.topic} is no JSON: ${String(cause)}`, {
        cause,
      });
    }
  }

  /** Copies what it points to, unless that was done. For messages that are kept without having been read. */
  detach(): void {
    if (this.#isOwn) return;
    const end = this.#start + this.size;
    this.#bytes = this.#position.platform.copy(this.#bytes, this.#at, end);
    this.#at = 0;
    this.#isOwn = true;
  }

  /**
   * Where it stands, for the client.
   * @internal
   */
  static positionOf(message: Message): Position {
    return message.#position;
  }

  get #start(): number {
    return this.#at + RECORD_HEADER_SIZE + u16(this.#bytes, this.#at);
  }
}
