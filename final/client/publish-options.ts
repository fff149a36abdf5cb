import type { WaitOptions } from './wait.ts';

/** Content of a message: text is sent as UTF-8. */
export type Payload = string | Uint8Array;

/** How to publish. */
export interface PublishOptions {
  /** Name of the message for dedupe, at most 128 bytes of UTF-8. @defaultValue none */
  readonly key?: string;
  /** Ask the broker what became of it. @defaultValue false */
  readonly confirm?: boolean;
}

/** How to publish with a confirmation. */
export interface ConfirmOptions extends PublishOptions, WaitOptions {
  readonly confirm: true;
  /**
   * Send it again, with the same key, when the connection was lost before the answer came. Only with a key, and on
   * a topic to which this client gave a `dedupeMs` by `createTopic`: otherwise it could be published twice.
   * @defaultValue false
   */
  readonly retry?: boolean;
}

/** What became of a confirmed publish. */
export interface Confirmation {
  /** The id that the broker gave out; undefined when the message was dropped: a duplicate, or for an inbox that is gone. */
  readonly id: number | undefined;
}

/** Settings of a topic. */
export interface TopicOptions extends WaitOptions {
  /** Milliseconds that messages are kept for subscribers to come. @defaultValue 0 */
  readonly retentionMs?: number;
  /** Milliseconds in which a second message with the same key is dropped. @defaultValue 0 */
  readonly dedupeMs?: number;
}
