/**
 * Chapter 3, the door to the network: the broadcast server.
 *
 * @packageDocumentation
 */
export { type BroadcastServerOptions, startBroadcastServer } from './broadcast-server.ts';
export { decodeLagged, encodeLagged, LAGGED_TYPE } from './lagged-frame.ts';
