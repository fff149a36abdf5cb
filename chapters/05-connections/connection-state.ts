/** Why connections end. A fixed list: counting them costs one addition, and a chart of them stays readable. */
export const CLOSE_REASONS = [
  'peer', // the other side ended it in good order
  'local', // this program ended it
  'error', // the network failed, the peer reset it, or a handler threw something unexpected
  'idle', // nothing moved for the idle timeout
  'deadline', // something was begun (a greeting, a frame) and not finished in time
  'write-timeout', // the peer did not take what was sent to it
  'bad-input', // what the peer sent breaks the rules (a broken frame, a delimiter that never comes)
  'slow', // the peer fell further behind than its limit allows
  'denied', // the peer may not do this (no permission, no room)
  'shutdown', // this program is ending
] as const;

/** Why a connection ended: see {@link CLOSE_REASONS}. */
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** Why a connection was never taken in: the table is full, or is shutting down. */
export type RefusalReason = 'full' | 'shutdown';

/** Where a connection is, and why it ends or has ended. */
export interface ConnectionState {
  /** `closing`: nothing more is written or handed over; what is buffered may still go out until the deadline. */
  readonly tag: 'open' | 'closing' | 'closed';
  readonly reason: CloseReason;
  readonly error?: Error | undefined;
  /** When it is cut off, by the table's clock. */
  readonly deadline: number;
}

/**
 * Shared by all that are open: being open takes no memory. Its reason is that of a connection whose stream is destroyed
 * behind our back.
 */
export const OPEN: ConnectionState = { tag: 'open', reason: 'local', deadline: Number.POSITIVE_INFINITY };
