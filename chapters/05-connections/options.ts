import { MAX_TIMEOUT_MS, readLimits } from '#framing';
import { createLoopClock } from './loop-clock.ts';

/** The timeouts that each connection can have of its own. 0 turns one off. */
export const TIMEOUTS = {
  /** A connection on which nothing moved for so long, in either direction, is closed as `idle`. */
  idleTimeoutMs: { default: 0, min: 0, max: MAX_TIMEOUT_MS },
  /** A connection whose peer took none of its waiting bytes for so long is closed as `write-timeout`. */
  writeTimeoutMs: { default: 10_000, min: 0, max: MAX_TIMEOUT_MS },
};

/** The numbers that a table can be told. */
const LIMITS = {
  /** How many connections are held; one more is refused. */
  maxConnections: { default: 10_000, min: 1, max: MAX_TIMEOUT_MS },
  /** Bytes of a socket's read buffer, and how many may wait to be written before `write` says "full". */
  highWaterMark: { default: 65_536, min: 1, max: MAX_TIMEOUT_MS },
  ...TIMEOUTS,
  /** How long a connection that we have ended may take to send what is buffered and to hear the peer's end. */
  closeTimeoutMs: { default: 10_000, min: 0, max: MAX_TIMEOUT_MS },
  /** How often the one sweep over all connections runs. A timeout fires up to two of these late, never early. */
  sweepIntervalMs: { default: 500, min: 1, max: MAX_TIMEOUT_MS },
};

/** Options of a connection table. */
export interface ConnectionOptions extends Partial<Record<keyof typeof LIMITS, number>> {
  /**
   * Send small writes at once, rather than waiting to fill a packet (`TCP_NODELAY`).
   * @defaultValue true
   */
  readonly noDelay?: boolean;
  /**
   * Let the operating system probe a silent peer (`SO_KEEPALIVE`), for the first time after a minute.
   * @defaultValue true
   */
  readonly keepAlive?: boolean;
  /**
   * Milliseconds on a clock that never goes back.
   * @defaultValue `performance.now`, without the time in which this process was stopped
   */
  readonly clock?: () => number;
}

/** Connection options with nothing left open. */
export type ConnectionSettings = Readonly<Required<ConnectionOptions>>;

/** How long a connection may stand still, in milliseconds; 0: for any time. */
export type Timeouts = Readonly<Record<keyof typeof TIMEOUTS, number>>;

/** What can be set for one connection while it is open. */
export type SocketOptions = Pick<ConnectionOptions, 'noDelay' | 'keepAlive' | keyof typeof TIMEOUTS>;

/** First probe of a silent peer by the operating system, in milliseconds. */
export const KEEP_ALIVE_DELAY_MS = 60_000;

/** Fills in the defaults. @throws OptionError that names the option and quotes the bad value */
export function readOptions(options: ConnectionOptions): ConnectionSettings {
  const { noDelay = true, keepAlive = true } = options;
  const limits = readLimits<keyof typeof LIMITS>(LIMITS, options);
  const { clock = createLoopClock(limits.sweepIntervalMs) } = options;
  return { noDelay, keepAlive, clock, ...limits };
}
