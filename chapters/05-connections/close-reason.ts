/**
 * Why connections end. A fixed list, so that counting them costs one addition and a chart of them stays
 * readable.
 *
 * - `peer`: the other side ended it in good order
 * - `local`: this program ended it
 * - `error`: the network failed or the peer reset it; or a handler threw something unexpected
 * - `idle`: nothing moved for the idle timeout
 * - `deadline`: something was begun (a greeting, a frame) and not finished in time
 * - `write-timeout`: the peer did not take what was sent to it
 * - `bad-input`: what the peer sent breaks the rules (a broken frame, a delimiter that never comes)
 * - `slow`: the peer fell further behind than its limit allows
 * - `denied`: the peer may not do this (no permission, no room)
 * - `shutdown`: this program is ending
 */
export const CLOSE_REASONS = [
  'peer',
  'local',
  'error',
  'idle',
  'deadline',
  'write-timeout',
  'bad-input',
  'slow',
  'denied',
  'shutdown',
] as const;

/** Why a connection ended: see {@link CLOSE_REASONS}. */
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** Why a connection was never taken in: the table is full, or is shutting down. */
export type RefusalReason = 'full' | 'shutdown';
