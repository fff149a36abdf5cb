/**
 * Chapter 7: peers. Programs that send datagrams to each other's addresses, over a pool of connections. When to try
 * again is behind the second door, `#peers/backoff`.
 *
 * @packageDocumentation
 */
export { formatAddress, type PeerAddress, parseAddress } from './address.ts';
export type { ConnectionState } from './connection.ts';
export { PeerError, type PeerErrorCode, type Sent } from './errors.ts';
export type { Datagram } from './inbox.ts';
export { PEER_LIMITS, type PeerLimits, type PeerOptions } from './options.ts';
export { createPeer, type Peer, type PeerStatus, type SendOptions } from './peer.ts';
export * from './wire.ts';
