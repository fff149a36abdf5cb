import type { Skipped } from './events.ts';
import type { Message } from './message.ts';

/** Content of a message: text is sent as UTF-8. */
export type Payload = string | Uint8Array;

/** What may end a wait early. */
export interface WaitOptions {
  /** Gives up when it is aborted: the promise rejects with the code `ABORTED`. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the promise rejects with the code `TIMEOUT`. */
  readonly timeout?: number;
}

/** How to come back after the connection was lost. */
export interface ReconnectOptions {
  /** Most milliseconds before the first attempt. @defaultValue 50 */
  readonly initialDelay?: number;
  /** Most milliseconds between two attempts. @defaultValue 5,000 */
  readonly maxDelay?: number;
  /** Attempts in a row before giving up. @defaultValue no limit */
  readonly maxAttempts?: number;
  /** Milliseconds without a connection before giving up. @defaultValue no limit */
  readonly maxTime?: number;
  /** Where the jitter comes from: a number from 0 up to, but not including, 1. @defaultValue `Math.random` */
  readonly random?: () => number;
}

/** TLS settings; the names are those of `tls.connect`. Not for browsers, which have their own. */
export interface ClientTlsOptions {
  /** Certificates to trust instead of the well-known ones, in PEM. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The client's own certificate, in PEM. */
  readonly cert?: string | Uint8Array;
  /** Key of the client's own certificate, in PEM. */
  readonly key?: string | Uint8Array;
  /** Name that the certificate must be for. @defaultValue the host in the URL */
  readonly servername?: string;
  /** Whether an unknown certificate is refused. @defaultValue true */
  readonly rejectUnauthorized?: boolean;
}

/** How to connect. */
export interface ConnectOptions {
  /** What to call oneself in the broker's log; at most 255 bytes. @defaultValue `''` */
  readonly name?: string;
  /** Secret that lets in. A token in the URL goes before it. @defaultValue `''` */
  readonly token?: string;
  /** Milliseconds to connect and be welcomed, for each attempt. @defaultValue 10,000 */
  readonly connectTimeout?: number;
  /** Gives up the first connecting when it is aborted; has no effect later. */
  readonly signal?: AbortSignal;
  /** How to come back after the connection was lost; false: not at all. */
  readonly reconnect?: ReconnectOptions | false;
  /** Whether the first connecting is repeated too when nobody answers, as `reconnect` says. @defaultValue false */
  readonly retryFirst?: boolean;
  /**
   * Milliseconds of silence after which the broker is asked for a sign of life; after as many again the connection
   * is given up. 0: never. @defaultValue 15,000
   */
  readonly keepAlive?: number;
  /** Confirmed publishes that may wait for their confirmation before `writable` is false. @defaultValue 10,000 */
  readonly maxOutstanding?: number;
  /**
   * Bytes of publishes, not yet sent or not yet confirmed, before `writable` is false. At four times as many
   * `publish` refuses with `OVERFLOW`. @defaultValue 16 MiB
   */
  readonly highWaterBytes?: number;
  /** Bytes of messages that may wait here for iterators before the client stops reading. @defaultValue 64 MiB */
  readonly maxQueuedBytes?: number;
  /** TLS settings, for `leverets:` and `wss:`. */
  readonly tls?: ClientTlsOptions;
}

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
  /** The id that the broker gave out; undefined when the message was dropped as a duplicate. */
  readonly id: number | undefined;
}

/** Settings of a topic. */
export interface TopicOptions extends WaitOptions {
  /** Milliseconds that messages are kept for subscribers to come. @defaultValue 0 */
  readonly retentionMs?: number;
  /** Milliseconds in which a second message with the same key is dropped. @defaultValue 0 */
  readonly dedupeMs?: number;
}

/** How to subscribe. */
export interface SubscribeOptions extends WaitOptions {
  /** Where to begin: all that is retained, only what comes, or after an id. @defaultValue `'latest'` */
  readonly from?: 'earliest' | 'latest' | { readonly after: number };
  /**
   * Most messages delivered and not committed, 1 to 65,535. After a reconnect the subscription goes on after the
   * last one committed. 0: there is nothing to commit. @defaultValue 0
   */
  readonly window?: number;
  /** Share the messages of this topic with all who name the same group. @defaultValue none */
  readonly group?: string;
  /** Called for each message, at once. Without it the subscription is iterated. */
  readonly onMessage?: (message: Message) => void;
  /** Called for messages that will never come. */
  readonly onSkipped?: (skipped: Skipped) => void;
  /** End the iteration with an error `SKIPPED` instead of going on after a gap. @defaultValue false */
  readonly failOnSkipped?: boolean;
  /**
   * For an iterated subscription without a window: most messages that wait in this client, 1 to 65,535.
   * @defaultValue 16,384
   */
  readonly prefetch?: number;
}

/** How to ask. */
export interface RequestOptions extends WaitOptions {
  /** Milliseconds to wait for the reply. @defaultValue 5,000 */
  readonly timeout?: number;
}

/** How to answer. */
export interface RespondOptions {
  /** Each request goes to one of those who name the same group. @defaultValue none: everybody answers */
  readonly group?: string;
  /** Requests that are worked on at the same time, 1 to 65,535. @defaultValue 1,000 */
  readonly concurrency?: number;
  /** Called when a handler has thrown; the requester gets the error's message in any case. */
  readonly onError?: (error: unknown) => void;
}

/** How to end. */
export interface CloseOptions {
  /** Milliseconds to send what waits and to say goodbye. @defaultValue 5,000 */
  readonly deadline?: number;
}

/** Options of a connection with nothing left open. */
export type ClientSettings = Required<Omit<ConnectOptions, 'signal' | 'tls' | 'reconnect'>> & {
  readonly signal: AbortSignal | undefined;
  readonly tls: ClientTlsOptions | undefined;
  readonly reconnect: Required<ReconnectOptions> | undefined;
};

/**
 * Fills in the defaults.
 *
 * @throws RangeError that quotes the bad value
 */
export function readConnectOptions(options: ConnectOptions): ClientSettings {
  const { name = '', token = '', connectTimeout = 10_000, reconnect = {}, keepAlive = 15_000 } = options;
  const { maxOutstanding = 10_000, highWaterBytes = 16 * 1_048_576 } = options;
  const { maxQueuedBytes = 64 * 1_048_576, retryFirst = false, signal, tls } = options;
  checkNumber('connectTimeout', connectTimeout, 1);
  checkNumber('keepAlive', keepAlive, 0);
  checkNumber('maxOutstanding', maxOutstanding, 1);
  checkNumber('highWaterBytes', highWaterBytes, 1);
  checkNumber('maxQueuedBytes', maxQueuedBytes, 1);
  return {
    name,
    token,
    connectTimeout,
    keepAlive,
    maxOutstanding,
    highWaterBytes,
    maxQueuedBytes,
    retryFirst,
    signal,
    tls,
    reconnect: reconnect === false ? undefined : readReconnectOptions(reconnect),
  };
}

function readReconnectOptions(options: ReconnectOptions): Required<ReconnectOptions> {
  const { initialDelay = 50, maxDelay = 5_000, random = Math.random } = options;
  const { maxAttempts = Number.POSITIVE_INFINITY, maxTime = Number.POSITIVE_INFINITY } = options;
  checkNumber('reconnect.initialDelay', initialDelay, 1);
  checkNumber('reconnect.maxDelay', maxDelay, initialDelay);
  checkNumber('reconnect.maxAttempts', maxAttempts, 1);
  checkNumber('reconnect.maxTime', maxTime, 1);
  return { initialDelay, maxDelay, maxAttempts, maxTime, random };
}

/** @throws RangeError when `value` is not a number from `min` to `max` */
export function checkNumber(name: string, value: number, min: number, max = Number.POSITIVE_INFINITY): void {
  if (typeof value === 'number' && value >= min && value <= max) return;
  const range = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `from ${min} to ${max}`;
  throw new RangeError(`${name} is a number ${range}, not ${value}`);
}
