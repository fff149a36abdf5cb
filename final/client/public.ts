/** What the client's entries for Node and for browsers have in common: all but how they connect. */
export { LeveretError } from '#framing';
export { ProtocolError } from '#protocol';
export { Client } from './client.ts';
export type { ClientTlsOptions, CloseOptions, ConnectOptions, ReconnectOptions } from './connect-options.ts';
export type { ClientErrorCode, ClientErrors } from './errors.ts';
export type { ClientEvents, ClientStatus, Skipped, StatusChange } from './events.ts';
export { Message } from './message.ts';
export type {
  Confirmation,
  ConfirmOptions,
  Payload,
  PublishOptions,
  TopicOptions,
} from './publish-options.ts';
export type { RequestHandler, RequestOptions, RespondOptions } from './requests.ts';
export type { SubscribeOptions } from './subscribe-options.ts';
export { Subscription } from './subscription.ts';
export type { PurgeOptions, TopicInfo } from './topic-requests.ts';
export type { WaitOptions } from './wait.ts';
