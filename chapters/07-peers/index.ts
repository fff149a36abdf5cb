/**
 * Chapter 7: peers. Programs that send datagrams to each other's addresses, over a pool of connections.
 *
 * @packageDocumentation
 */
export { formatAddress, type PeerAddress, parseAddress } from './address.ts';
export { leastLoaded } from './address-pool.ts';
export { Backoff, type BackoffOptions } from './backoff.ts';
export { PeerError, type PeerErrorCode, type PeerErrorDetails } from './errors.ts';
export type { PeerOptions } from './options.ts';
export { type AddressStatus, createPeer, type Datagram, type Peer, type PeerStatus } from './peer.ts';
export type { SendOptions } from './pool.ts';
export {
  decodeHello,
  decodeRefuse,
  decodeWelcome,
  encodeHello,
  encodeRefuse,
  encodeWelcome,
  PEER_VERSION,
  PeerFrame,
} from './wire.ts';
