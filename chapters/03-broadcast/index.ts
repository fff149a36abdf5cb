/**
 * Chapter 3, `#broadcast`: a bounded channel that gives each value to every receiver, and tells a receiver
 * that was too slow how many it missed.
 *
 * @module
 */
export { BroadcastChannel } from './broadcast-channel.ts';
export type { Lagged, Received, Receiver, SubscribeOptions } from './receiver.ts';
export type { Value } from './ring.ts';
