/**
 * leveret, the broker that the course ends with.
 *
 * @packageDocumentation
 */
export type { Grants, LogLimits, SlowPolicy } from '#log';
export { ErrorCode, ProtocolError } from '#protocol/old';
export type { AccessRules, Allowed, Permissions, TokenRule } from './broker/access.ts';
export { Broker, type BrokerAddress, createBroker } from './broker/broker.ts';
export type { WatchedFrame } from './broker/frame-watch.ts';
export type { Logger } from './broker/logger.ts';
export {
  type BrokerOptions,
  DEFAULT_PORT,
  type ListenerOptions,
  type TlsSettings,
} from './broker/options.ts';
export { STATUS_TOPIC, type StatusMessage, TOPICS_TOPIC, type TopicSummary } from './broker/system-topics.ts';
export * from './client/index.ts';
