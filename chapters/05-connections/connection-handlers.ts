import type { CloseReason } from './close-reason.ts';
import type { Connection } from './connection.ts';
import type { ConnectionSettings } from './options.ts';

/** What happens to connections. Called directly from the socket's events; no queue lies between. */
export interface ConnectionHandlers<C> {
  /** A connection has been taken in. */
  opened?(connection: Connection<C>): void;
  /**
   * Bytes have arrived. The chunk is only lent if you keep slices of it (a small slice keeps the whole chunk in
   * memory): copy what you keep. What this throws closes the connection: a `LeveretError` as `bad-input`,
   * anything else as `error`.
   */
  received(connection: Connection<C>, chunk: Buffer): void;
  /** There is room to write again. Also comes after a `write` that did not say "full". */
  drained?(connection: Connection<C>): void;
  /**
   * The peer has sent its last byte and may still read. Without this handler our side is ended too.
   */
  ended?(connection: Connection<C>): void;
  /**
   * Nothing moved for the idle timeout. Without this handler the connection is destroyed as `idle`; with it,
   * it is called again at each sweep until something moves or the connection closes.
   */
  idle?(connection: Connection<C>): void;
  /** The connection is gone. Comes once for each that was opened, last of all its events. */
  closed?(connection: Connection<C>, reason: CloseReason, error?: Error): void;
}

/** What is known about a stream that is taken in, beside what the stream itself says. */
export interface ConnectionInfo {
  /** Where the peer is, when the stream has no `remoteAddress` of its own (a WebSocket, say). */
  readonly remoteAddress?: string;
}

/** What a connection needs of the table that holds it. */
export interface ConnectionHome<C> {
  readonly instance: string;
  readonly settings: ConnectionSettings;
  readonly handlers: ConnectionHandlers<C>;
  /** The table's clock in whole milliseconds. */
  now(): number;
  /** Called once, when the connection's stream has closed. */
  forget(connection: Connection<C>, reason: CloseReason): void;
}
