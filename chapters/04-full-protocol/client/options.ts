import type { LeveretError } from '#framing';
import type { Skipped, Start } from '#topics';

/** Options of `connect`. */
export interface ClientOptions {
  /** @defaultValue `127.0.0.1` */
  readonly host?: string;
  readonly port: number;
  /** What to call oneself, for the broker's log; at most 255 bytes. @defaultValue `''` */
  readonly name?: string;
  /** Called when a commit is refused: nobody waits for its answer. @defaultValue it is not told */
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
  readonly from?: Start;
  /** Most messages delivered and not committed, 0 to 65,535; 0 = no limit, no commits. @defaultValue 0 */
  readonly window?: number;
  /** Called for ids that will never come. @defaultValue they are passed over */
  readonly onSkipped?: (ids: Skipped) => void;
}
