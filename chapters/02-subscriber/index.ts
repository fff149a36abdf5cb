/**
 * Chapter 2: a subscriber's buffer and the topic registry. What a broker keeps for each client and each
 * topic, in memory and without a network: queues, lag, retention, dedupe, commits. After the seed called
 * zaichik.
 *
 * @packageDocumentation
 */
export { Allowance, type AllowanceLimits } from './allowance.ts';
export { type Clock, createManualClock, type ManualClock, monotonicClock } from './clock.ts';
export { DedupeWindow } from './dedupe-window.ts';
export {
  type Delivery,
  isSkipped,
  MESSAGE_OVERHEAD,
  type Message,
  messageSize,
  type Skipped,
} from './message.ts';
export {
  type BufferOptions,
  MessageBuffer,
  type MessageBufferOptions,
  type PushResult,
} from './message-buffer.ts';
export { Queue } from './queue.ts';
export { type HeapItem, ReadyHeap } from './ready-heap.ts';
export { RingQueue } from './ring-queue.ts';
export { Subscriber, type SubscriberOptions } from './subscriber.ts';
export { type Start, type SubscribeOptions, Subscription } from './subscription.ts';
export { startTextServer, TEXT_FRAME } from './text-server.ts';
export { DEFAULT_SETTINGS, type Sequence, Topic, type TopicOptions, type TopicSettings } from './topic.ts';
export { TopicError, type TopicErrorCode } from './topic-error.ts';
export { checkTopicName, TopicRegistry, type TopicRegistryOptions } from './topic-registry.ts';
