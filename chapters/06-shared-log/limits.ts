import { DEFAULT_FRAME_LIMIT } from '#framing';
import { HELLO_FRAME_LIMIT, MAX_KEY_BYTES, MAX_TOPIC_BYTES } from '#protocol/old';

/**
 * What is done about a subscriber that lags beyond its limit: it is disconnected; or it is told which messages
 * it will not get, and goes on with the next one; or the publishers of its topic wait for it.
 */
export type SlowPolicy = 'disconnect' | 'skip' | 'block';

/** Every limit of the broker. Times are milliseconds. */
export interface LogLimits {
  /**
   * Largest frame from or to a client, as its size field counts.
   * @defaultValue 1 MiB
   */
  readonly maxFrameSize: number;
  /**
   * Largest frame before HELLO.
   * @defaultValue 4,096 bytes
   */
  readonly helloFrameLimit: number;
  /**
   * How long a client may take to say HELLO.
   * @defaultValue 10,000 ms
   */
  readonly helloTimeoutMs: number;
  /**
   * How long one frame may take to arrive, from its first byte to its last.
   * @defaultValue 10,000 ms
   */
  readonly frameTimeoutMs: number;
  /**
   * How long a client may be silent before it is sent a PING; after two without an answer it is closed. 0: never.
   * @defaultValue 30,000 ms
   */
  readonly idleMs: number;
  /**
   * How many connections there may be.
   * @defaultValue 10,000
   */
  readonly maxConnections: number;
  /**
   * How many of them may not have said HELLO yet.
   * @defaultValue 1,000
   */
  readonly maxPending: number;
  /**
   * How many topics one connection may subscribe to.
   * @defaultValue 10,000
   */
  readonly maxSubscriptions: number;
  /**
   * How many topics there may be.
   * @defaultValue 100,000
   */
  readonly maxTopics: number;
  /**
   * Longest name of a topic.
   * @defaultValue 255 bytes
   */
  readonly maxTopicBytes: number;
  /**
   * Longest key of a message.
   * @defaultValue 128 bytes
   */
  readonly maxKeyBytes: number;
  /**
   * How many keys a topic remembers for its dedupe window.
   * @defaultValue 100,000
   */
  readonly maxKeys: number;
  /**
   * How much a topic retains, however young it is.
   * @defaultValue 64 MiB
   */
  readonly maxRetainedBytes: number;
  /**
   * How far a subscriber may lag, in bytes of its topic's log.
   * @defaultValue 32 MiB
   */
  readonly maxLagBytes: number;
  /**
   * How far a subscriber may lag, in messages.
   * @defaultValue 1,000,000
   */
  readonly maxLagMessages: number;
  /**
   * What is done about a subscriber that lags further.
   * @defaultValue `'disconnect'`
   */
  readonly slowPolicy: SlowPolicy;
  /**
   * A client that does not read the answers to its requests is not read from while so many bytes of them wait.
   * @defaultValue 1 MiB
   */
  readonly highWaterBytes: number;
  /**
   * A client that takes none of its waiting bytes for so long is closed.
   * @defaultValue 10,000 ms
   */
  readonly drainTimeoutMs: number;
  /**
   * How long the last frames of a connection that the broker ends may take to leave.
   * @defaultValue 1,000 ms
   */
  readonly closeTimeoutMs: number;
}

/** The limits of a broker that was told nothing else. */
export const DEFAULT_LIMITS: LogLimits = {
  maxFrameSize: DEFAULT_FRAME_LIMIT,
  helloFrameLimit: HELLO_FRAME_LIMIT,
  helloTimeoutMs: 10_000,
  frameTimeoutMs: 10_000,
  idleMs: 30_000,
  maxConnections: 10_000,
  maxPending: 1_000,
  maxSubscriptions: 10_000,
  maxTopics: 100_000,
  maxTopicBytes: MAX_TOPIC_BYTES,
  maxKeyBytes: MAX_KEY_BYTES,
  maxKeys: 100_000,
  maxRetainedBytes: 64 * 1_048_576,
  maxLagBytes: 32 * 1_048_576,
  maxLagMessages: 1_000_000,
  slowPolicy: 'disconnect',
  highWaterBytes: 1_048_576,
  drainTimeoutMs: 10_000,
  closeTimeoutMs: 1_000,
};

/** Limits that may be 0, which turns them off. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set(['idleMs', 'drainTimeoutMs']);
const POLICIES: ReadonlySet<string> = new Set<SlowPolicy>(['disconnect', 'skip', 'block']);

/**
 * Fills in the defaults.
 *
 * @throws RangeError that names the limit and quotes the bad value
 */
export function readLimits(given: Partial<LogLimits>): LogLimits {
  const limits = { ...DEFAULT_LIMITS, ...dropUndefined(given) };
  for (const [name, value] of Object.entries(limits)) {
    if (name === 'slowPolicy') {
      if (!POLICIES.has(String(value))) {
        throw new RangeError(`slowPolicy is 'disconnect', 'skip' or 'block', not '${value}'`);
      }
    } else if (!Number.isInteger(value) || Number(value) < (MAY_BE_ZERO.has(name) ? 0 : 1)) {
      throw new RangeError(
        `${name} is a whole number, ${MAY_BE_ZERO.has(name) ? 0 : 1} or more, not ${value}`,
      );
    }
  }
  return limits;
}

/** Only the limits that are known here and were given. */
function dropUndefined(given: Partial<LogLimits>): Partial<LogLimits> {
  return Object.fromEntries(
    Object.entries(given).filter(([name, value]) => name in DEFAULT_LIMITS && value !== undefined),
  );
}
