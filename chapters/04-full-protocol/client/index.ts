/**
 * Chapter 4, the client: one connection to any broker of the course.
 *
 * @packageDocumentation
 */
export {
  Client,
  type ClientOptions,
  connect,
  type OutgoingMessage,
  type Payload,
  type SubscribeOptions,
} from './client.ts';
export { ClientSubscription, type ReceivedMessage, type SkippedIds } from './subscription.ts';
