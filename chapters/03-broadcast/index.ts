/**
 * Chapter 3: a bounded channel that gives each value to every receiver, and tells a
 * receiver that was too slow how many it missed. It lives in memory; the server that is
 * built on it is behind the second door, `#broadcast/server`.
 *
 * @packageDocumentation
 */
export { BroadcastChannel } from './broadcast-channel.ts';
export { Lagged, Receiver } from './receiver.ts';
export { LARGEST_CAPACITY, Ring } from './ring.ts';
