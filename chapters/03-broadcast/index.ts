/**
 * Chapter 3, `#broadcast`: a bounded channel that gives each value to every receiver, and tells a receiver
 * that was too slow how many it missed.
 *
 * @packageDocumentation
 */
export { BroadcastChannel } from './broadcast-channel.ts';
export { type BroadcastServerOptions, startBroadcastServer } from './broadcast-server.ts';
export { decodeLagged, encodeLagged, LAGGED_TYPE } from './lagged-frame.ts';
export type { Lagged, Received, Receiver, SubscribeOptions } from './receiver.ts';
export type { Value } from './ring.ts';
