/**
 * Peers: programs that send each other messages by address, without a broker.
 *
 * @packageDocumentation
 */
export * from '#peers';
