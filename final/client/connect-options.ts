import { checkWhole, MAX_ID, MAX_TIMEOUT_MS, readLimits, textSize } from '#framing';
import { type BackoffOptions, readBackoff } from '#peers/backoff';

/** How to come back after the connection was lost: how long to wait, and when to give up. */
export interface ReconnectOptions extends BackoffOptions {
  /** Attempts in a row before giving up. @defaultValue no limit */
  readonly maxAttempts?: number;
  /** Milliseconds without a connection before giving up. @defaultValue no limit */
  readonly maxTimeMs?: number;
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
  readonly connectTimeoutMs?: number;
  /** Gives up the first connecting when it is aborted; has no effect later. */
  readonly signal?: AbortSignal;
  /** How to come back after the connection was lost; false: not at all. */
  readonly reconnect?: ReconnectOptions | false;
  /** Whether the first connecting is repeated too when nobody answers, as `reconnect` says. @defaultValue false */
  readonly retryFirst?: boolean;
  /**
   * Milliseconds of silence after which the broker is sent a PING; after as many again the connection
   * is given up. 0: never. @defaultValue 15,000
   */
  readonly keepAliveMs?: number;
  /** Confirmed publishes that may wait for their confirmation before `writable` is false. @defaultValue 10,000 */
  readonly maxOutstanding?: number;
  /**
   * Bytes of publishes, not yet sent or not yet confirmed, before `writable` is false. At four times as many
   * `publish` refuses with `OVERFLOW`. An awaited confirmation counts as 256 bytes more. @defaultValue 16 MiB
   */
  readonly highWaterBytes?: number;
  /**
   * Bytes of messages that may wait here for iterators before the client stops reading. While an answer is awaited, which
   * comes behind them, it reads on up to twice as many; then the subscription that holds most of them ends with
   * `OVERFLOW`. @defaultValue 64 MiB
   */
  readonly maxQueuedBytes?: number;
  /** TLS settings, for `leverets:` and `wss:`. */
  readonly tls?: ClientTlsOptions;
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

const SECOND = 1_000;
const MIB = 1_048_576;

/** Numbers of the options, and what they may be. */
const LIMITS = {
  connectTimeoutMs: { default: 10 * SECOND, min: 1, max: MAX_TIMEOUT_MS },
  keepAliveMs: { default: 15 * SECOND, min: 0, max: MAX_TIMEOUT_MS },
  maxOutstanding: { default: 10_000, min: 1, max: MAX_ID },
  highWaterBytes: { default: 16 * MIB, min: 1, max: MAX_ID },
  maxQueuedBytes: { default: 64 * MIB, min: 1, max: MAX_ID },
};

/** When `reconnect` gives up. */
const RECONNECT_LIMITS = {
  maxAttempts: { default: MAX_ID, min: 1, max: MAX_ID },
  maxTimeMs: { default: MAX_ID, min: 1, max: MAX_ID },
};

/** Bytes that the texts of HELLO may have, as their length fields count. */
const MAX_NAME_BYTES = 0xff;
const MAX_TOKEN_BYTES = 0xffff;

/**
 * Fills in the defaults.
 *
 * @throws OptionError that quotes the bad value
 */
export function readConnectOptions(options: ConnectOptions): ClientSettings {
  const { name = '', token = '', reconnect = {}, retryFirst = false, signal, tls } = options;
  checkWhole('bytes of name', textSize(name), 0, MAX_NAME_BYTES);
  checkWhole('bytes of token', textSize(token), 0, MAX_TOKEN_BYTES);
  return {
    ...readLimits<keyof typeof LIMITS>(LIMITS, options),
    name,
    token,
    retryFirst,
    signal,
    tls,
    reconnect: reconnect === false ? undefined : readReconnectOptions(reconnect),
  };
}

function readReconnectOptions(options: ReconnectOptions): Required<ReconnectOptions> {
  return { ...readBackoff(options), ...readLimits<keyof typeof RECONNECT_LIMITS>(RECONNECT_LIMITS, options) };
}
