/**
 * Chapter 4, the broker: topics, retention, windows, commits and lag for many clients, over the protocol of the first door.
 * Chapter 6 puts another engine under the same sessions.
 *
 * @packageDocumentation
 */
export { type BrokerOptions, createChannelEngine, startBroker } from './channel-engine.ts';
export type { Engine, EngineClient, EngineClientHost, Published } from './engine.ts';
export { BROKER_LIMITS, type BrokerLimits } from './limits.ts';
export { type RunningBroker, type ServeOptions, serveEngine } from './serve.ts';
