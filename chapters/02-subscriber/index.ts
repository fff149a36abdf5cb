/**
 * Chapter 2: a subscriber's buffer and the topic registry. What a broker keeps for each
 * client and each topic, in memory and without a network: queues, lag, retention,
 * dedupe, commits. After the seed zaichik.
 *
 * @packageDocumentation
 */
export { AnswerQueue } from './answer-queue.ts';
export { AsyncQueue } from './async-queue.ts';
export { type Clock, createManualClock, type ManualClock, monotonicClock } from './clock.ts';
export { DedupeWindow } from './dedupe-window.ts';
export type { Batch, Delivery, Message, Skipped } from './message.ts';
export { isSkipped, MESSAGE_OVERHEAD, messageSize } from './message.ts';
export { MessageBuffer, type Start, type SubscribeOptions } from './message-buffer.ts';
export { Queue } from './queue.ts';
export { type Overflow, QUEUE_LIMITS, QueueLimit, type QueueLimits } from './queue-limit.ts';
export type { SubscriberLimits, SubscriberOptions } from './subscriber.ts';
export { SUBSCRIBER_LIMITS, Subscriber } from './subscriber.ts';
export { Topic, type TopicLimits, type TopicSettings } from './topic.ts';
export { TopicError, type TopicErrorCode } from './topic-error.ts';
export { checkTopicName, LONGEST_TOPIC_NAME } from './topic-name.ts';
export type { RegistryLimits, TableTopic } from './topic-registry.ts';
export { REGISTRY_LIMITS, TopicRegistry, TopicTable } from './topic-registry.ts';
