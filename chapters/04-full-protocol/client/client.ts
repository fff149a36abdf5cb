import { type Limit, LeveretError, MAX_TIMEOUT_MS, readLimits } from '#framing';
import { DEFAULT_HOST, openSocket } from '#framing/net';
import { type BrokerFrame, PROTOCOL_VERSION, Start, type WireRecord } from '../wire/index.ts';
import { type AnswerTo, ClientConnection } from './connection.ts';
import { ClientSubscription, ReceivedMessage, type SkippedIds } from './subscription.ts';

/** What a client bounds: each is an option of {@link connect}. */
export const CLIENT_LIMITS = {
  /** Messages that may wait to be taken, in all subscriptions together, before the client stops reading. */
  maxWaiting: { default: 1_000, min: 1, max: 100_000_000 },
  /**
   * Bytes that may wait before the connection is given up with `OVERFLOW`. Reading cannot stop while an answer is
   * awaited, because the answer comes behind the messages.
   */
  maxWaitingBytes: { default: 67_108_864, min: 1, max: Number.MAX_SAFE_INTEGER },
  /** Milliseconds to be welcomed. */
  timeoutMs: { default: 10_000, min: 1, max: MAX_TIMEOUT_MS },
} as const satisfies Readonly<Record<string, Limit>>;

/** Options of {@link connect}, with any of {@link CLIENT_LIMITS}. */
export interface ClientOptions extends Partial<Readonly<Record<keyof typeof CLIENT_LIMITS, number>>> {
  /** @defaultValue `127.0.0.1` */
  readonly host?: string;
  readonly port: number;
  /** What to call oneself, for the broker's logs; at most 255 bytes. @defaultValue `''` */
  readonly name?: string;
  /** Secret that lets in, where a broker asks for one. @defaultValue `''` */
  readonly token?: string;
  /** Called when something is refused that nobody waits for: an unconfirmed publish, a commit. @defaultValue it is lost */
  readonly onError?: (error: LeveretError) => void;
}

/** Content of a message: text is sent as UTF-8. */
export type Payload = string | Uint8Array;

/** What to publish. */
export interface OutgoingMessage {
  readonly payload: Payload;
  /** Name of the message for dedupe, at most 128 bytes of UTF-8. @defaultValue none */
  readonly key?: string;
}

/** How to subscribe. */
export interface SubscribeOptions {
  /** Where to begin: all that is retained, only what comes, or after an id. @defaultValue `'latest'` */
  readonly from?: 'earliest' | 'latest' | { readonly after: number };
  /** Most messages delivered and not committed, 0 to 65,535; 0 = no limit, no commits. @defaultValue 0 */
  readonly window?: number;
  /** Called for ids that will never come. @defaultValue they are passed over */
  readonly onSkipped?: (ids: SkippedIds) => void;
}

/** What a waiting message holds beyond its payload, roughly, in bytes. */
const MESSAGE_OVERHEAD = 200;
