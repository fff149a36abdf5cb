/** What the client's entries for Node and for browsers have in common: all but how they connect. */
export { Client } from './client.ts';
export type { ClientEvents, ClientStatus, Skipped, StatusChange } from './events.ts';
export { Message } from './message.ts';
export type {
  ClientTlsOptions,
  CloseOptions,
  Confirmation,
  ConfirmOptions,
  ConnectOptions,
  Payload,
  PublishOptions,
  ReconnectOptions,
  RequestOptions,
  RespondOptions,
  SubscribeOptions,
  TopicOptions,
  WaitOptions,
} from './options.ts';
export type { RequestHandler } from './requests.ts';
export { Subscription } from './subscription.ts';
