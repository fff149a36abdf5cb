/** Options of a connection table. Times are milliseconds; 0 turns a timeout off. */
export interface ConnectionOptions {
  /**
   * How many connections are held at most; one more is refused.
   * @defaultValue 10,000
   */
  readonly maxConnections?: number;
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
   * Size of a socket's read buffer, and how many bytes may wait to be written before `write` says "full".
   * @defaultValue 65,536 bytes
   */
  readonly highWaterMark?: number;
  /**
   * A connection on which nothing moved for so long, in either direction, is closed with the reason `idle`.
   * @defaultValue 0, never
   */
  readonly idleTimeout?: number;
  /**
   * A connection whose peer took none of its waiting bytes for so long is closed with the reason
   * `write-timeout`.
   * @defaultValue 10,000 ms
   */
  readonly writeTimeout?: number;
  /**
   * How long a connection that we have ended may take to send what is queued and to hear the peer's end.
   * @defaultValue 10,000 ms
   */
  readonly closeTimeout?: number;
  /**
   * How often the one sweep over all connections runs. A timeout fires up to two of these late, never early.
   * @defaultValue 500 ms
   */
  readonly sweepInterval?: number;
  /**
   * Milliseconds on a clock that never goes back.
   * @defaultValue `performance.now`
   */
  readonly clock?: () => number;
}

/** Connection options with nothing left open. */
export type ConnectionSettings = Required<ConnectionOptions>;

/** What can be set for one connection while it is open. */
export interface SocketOptions {
  /** See {@link ConnectionOptions.noDelay}. */
  readonly noDelay?: boolean;
  /** See {@link ConnectionOptions.keepAlive}. */
  readonly keepAlive?: boolean;
  /** See {@link ConnectionOptions.idleTimeout}. */
  readonly idleTimeout?: number;
  /** See {@link ConnectionOptions.writeTimeout}. */
  readonly writeTimeout?: number;
}

/** First probe of a silent peer by the operating system, in milliseconds. */
export const KEEP_ALIVE_DELAY = 60_000;

/** The longest timeout that is accepted: 2^31 - 1 ms, almost 25 days. */
const LONGEST = 2_147_483_647;

/**
 * Fills in the defaults.
 *
 * @throws RangeError that names the option and quotes the bad value
 */
export function readOptions(options: ConnectionOptions): ConnectionSettings {
  const {
    maxConnections = 10_000,
    noDelay = true,
    keepAlive = true,
    highWaterMark = 65_536,
    idleTimeout = 0,
    writeTimeout = 10_000,
    closeTimeout = 10_000,
    sweepInterval = 500,
    clock = () => performance.now(),
  } = options;
  checkWhole('maxConnections', maxConnections, 1, LONGEST);
  checkWhole('highWaterMark', highWaterMark, 1, LONGEST);
  checkTimeout('idleTimeout', idleTimeout);
  checkTimeout('writeTimeout', writeTimeout);
  checkTimeout('closeTimeout', closeTimeout);
  checkWhole('sweepInterval', sweepInterval, 1, LONGEST);
  return {
    maxConnections,
    noDelay,
    keepAlive,
    highWaterMark,
    idleTimeout,
    writeTimeout,
    closeTimeout,
    sweepInterval,
    clock,
  };
}

/**
 * Checks a number that came from outside.
 *
 * @throws RangeError that names the option and quotes the bad value
 */
export function checkWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} is a whole number from ${least} to ${most}, not ${value}`);
  }
}

/**
 * Checks a timeout; 0 turns it off.
 *
 * @throws RangeError that names the option and quotes the bad value
 */
export function checkTimeout(name: string, value: number): void {
  checkWhole(name, value, 0, LONGEST);
}
