/**
 * leveret, the broker that the course ends with.
 *
 * @packageDocumentation
 */

export type { Limit } from '#framing';
export { ErrorCode, ProtocolError } from '#protocol';
export type { AccessRules, Allowed, Permissions, TokenRule } from './broker/access/access.ts';
export type { Grants } from './broker/access/grants.ts';
export {
  Broker,
  type BrokerAddress,
  type BrokerTools,
  createBroker,
  type Reloaded,
} from './broker/broker.ts';
export {
  type BrokerLimits,
  MEMORY_POLICIES,
  type MemoryPolicy,
  SLOW_POLICIES,
  type SlowPolicy,
} from './broker/limits.ts';
export type { Logger } from './broker/logger.ts';
export type { BufferReport } from './broker/memory/buffered-memory.ts';
export type { MemoryReport, MemoryState } from './broker/memory/retained-memory.ts';
export {
  type BrokerOptions,
  DEFAULT_PORT,
  type ListenerOptions,
  type TlsSettings,
} from './broker/options.ts';
export type { Direction, WatchedFrame } from './broker/session/frame-watch.ts';
export { STATUS_TOPIC, TOPICS_TOPIC } from './broker/topics/reserved-names.ts';
export type { StatusMessage, TopicSummary } from './broker/topics/system-topics.ts';
export * from './client/index.ts';
