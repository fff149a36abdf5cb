/**
 * Chapter 6: one log and many cursors. The broker that does not queue.
 *
 * @packageDocumentation
 */
export {
  type BrokerExtension,
  LogBroker,
  type LogBrokerOptions,
  type LogBrokerStatus,
  type LogServerOptions,
  type RunningLogBroker,
  startLogBroker,
} from './broker.ts';
export { closeReason, errorFrame, toProtocolError } from './broker-errors.ts';
export { Cursor } from './cursor.ts';
export { DEFAULT_LIMITS, type LogLimits, readLimits, type SlowPolicy } from './limits.ts';
export {
  closeHeader,
  cutFrame,
  frameCount,
  frameEnd,
  frameFirstId,
  messagesHeaderSize,
  openHeader,
  recordEnd,
  skipRecords,
} from './message-frame.ts';
export { type FlushList, Outbox } from './outbox.ts';
export { PostponedFrames } from './postponed-frames.ts';
export { PublishRequest } from './publish-request.ts';
export { MAX_SEGMENT_SIZE, MIN_SEGMENT_SIZE, Segment } from './segment.ts';
export { Session } from './session.ts';
export type { Grants, SessionHome } from './session-home.ts';
export { type Publisher, type ReadingClient, SlowReaders } from './slow-readers.ts';
export { Stall, type Stallable } from './stall.ts';
export { type Reader, Subscription, type TopicReader } from './subscription.ts';
export { Topic, type TopicHome, type TopicSettings } from './topic.ts';
export { TopicLog, type TopicLogOptions } from './topic-log.ts';
export { TopicTable } from './topic-table.ts';
export { type Direction, describeBytes } from './trace.ts';
export { Turn } from './turn.ts';
export { Window } from './window.ts';
