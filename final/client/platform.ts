import type { LeveretError } from '#framing';
import type { Address } from './address.ts';
import type { ClientSettings } from './connect-options.ts';

/** A stream of bytes, both ways: a TCP or TLS socket, or a WebSocket. */
export interface Transport {
  /** False while it holds more than it likes; it calls `drained` when that is over. */
  readonly writable: boolean;
  /**
   * Takes bytes, which must not change until `written` is called; where a platform cannot tell, it never is. The order
   * of what is written is kept.
   */
  write(bytes: Uint8Array, written?: () => void): void;
  /** Stop reading, as far as the platform can. */
  pause(): void;
  /** Read again. */
  resume(): void;
  /** Send what was written, then end. */
  end(): void;
  /** End at once. */
  destroy(): void;
}

/** What a transport tells. */
export interface TransportHandlers {
  opened(): void;
  /**
   * Bytes have come: `bytes[start, end)`, all of it by default. They are given, not lent. What comes next may lie right
   * behind them in the same memory.
   */
  data(bytes: Uint8Array, start?: number, end?: number): void;
  /** Where the next bytes are wanted; undefined: anywhere. Transports that can read there give those bytes to `data`. */
  wanted(): Uint8Array | undefined;
  drained(): void;
  /** It is over; nothing is told after this. */
  closed(error: Error | undefined): void;
}

/** What differs between Node and a browser. */
export interface Platform {
  /** Begins to connect. */
  open(address: Address, settings: ClientSettings, handlers: TransportHandlers): Transport;
  /** Memory that need not be empty. */
  alloc(size: number): Uint8Array;
  /** A copy of `bytes[start, end)` that keeps little memory beside its own. */
  copy(bytes: Uint8Array, start: number, end: number): Uint8Array;
  /** The text that `bytes[start, end)` holds as UTF-8; what is not valid becomes U+FFFD. */
  decode(bytes: Uint8Array, start: number, end: number): string;
  /** Bytes that a text takes as UTF-8. */
  byteLength(text: string): number;
  /** Writes text as UTF-8 where there is room for it. Returns how many bytes it took. */
  encodeInto(text: string, bytes: Uint8Array, at: number): number;
  /** A timer that does not keep a program alive. */
  unref(timer: ReturnType<typeof setTimeout>): void;
  /** Tells the program's owner of an error that nobody listens for. */
  warn(error: LeveretError): void;
  /** Explains why there is no connection, where the transports say so. */
  explain?(address: Address, cause: Error): LeveretError | undefined;
  /** Where to tell what goes on, if somebody wants to know. */
  readonly trace: Trace;
}

/** A `debug` channel. */
export interface Trace {
  readonly enabled: boolean;
  (format: string, ...values: unknown[]): void;
}
