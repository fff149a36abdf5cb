/**
 * Peers: programs that send each other messages by address, without a broker.
 *
 * @packageDocumentation
 */
export type { Limit } from '#framing';
export * from '#peers';
export type { BackoffOptions } from '#peers/backoff';
