import type { LeveretError } from '#framing';
import type { SkippedIds } from './subscription.ts';

/** Options of `connect`. */
export interface ClientOptions {
  /** @defaultValue `127.0.0.1` */
  readonly host?: string;
  readonly port: number;
  /** What to call oneself, for the broker's log; at most 255 bytes. @defaultValue `''` */
  readonly name?: string;
  /** Milliseconds to be welcomed. @defaultValue 10,000 */
  readonly timeoutMs?: number;
  /**
   * Bytes of messages that may wait to be taken before the client stops reading from its socket. While an answer is
   * awaited it must read on, because the answer comes behind the messages: at 64 times as many bytes it
   * gives the connection up with the error `OVERFLOW`. @defaultValue 1,048,576
   */
  readonly maxWaitingBytes?: number;
  /** Called when something is refused that nobody waits for: an unconfirmed publish, a commit. @defaultValue it is lost */
  readonly onError?: (error: LeveretError) => void;
}

/** What to publish. */
export interface OutgoingMessage {
  /** The content: text is sent as UTF-8. */
  readonly payload: Payload;
  /** Name of the message for dedupe, at most 128 bytes of UTF-8. @defaultValue none */
  readonly key?: string;
}

/** The content of a message: text is sent as UTF-8. */
export type Payload = string | Uint8Array;

/** How to subscribe. */
export interface SubscribeOptions {
  /** Where to begin: all that is retained, only what comes, or after an id. @defaultValue `'latest'` */
  readonly from?: 'earliest' | 'latest' | { readonly after: number };
  /** Most messages delivered and not committed, 0 to 65,535; 0 = no limit, no commits. @defaultValue 0 */
  readonly window?: number;
  /** Called for ids that will never come. @defaultValue they are passed over */
  readonly onSkipped?: (ids: SkippedIds) => void;
}
