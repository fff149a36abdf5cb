import { DEFAULT_FRAME_LIMIT } from '#framing';
import type { ListenOptions } from '#framing/net';
import type { Clock } from '#topics';
import { HELLO_FRAME_LIMIT, MAX_TOPIC_BYTES } from './constants.ts';

/** Everything that a broker bounds. docs/protocol.md says what a client sees beyond each limit. */
export interface BrokerLimits {
  /** Largest frame after HELLO, in bytes, as its size field counts. @defaultValue 1,048,576 */
  readonly maxFrameSize: number;
  /** Largest frame before HELLO, in bytes. @defaultValue 4,096 */
  readonly helloFrameLimit: number;
  /** Milliseconds within which HELLO must have come. @defaultValue 10,000 */
  readonly helloTimeoutMs: number;
  /** Milliseconds from the first byte of a frame to its last. @defaultValue 10,000 */
  readonly frameTimeoutMs: number;
  /** Milliseconds of silence before a PING; after three times as many the client is given up. @defaultValue 30,000 */
  readonly idleMs: number;
  /** Milliseconds that a client has to take the last frame and go. @defaultValue 1,000 */
  readonly closeTimeoutMs: number;
  /** Milliseconds that a client which ended its direction has to take its answers. @defaultValue 10,000 */
  readonly drainTimeoutMs: number;
  /** Connections at a time. @defaultValue 10,000 */
  readonly maxConnections: number;
  /** Connections at a time that have not said HELLO. @defaultValue 1,000 */
  readonly maxPending: number;
  /** Subscriptions of one connection. @defaultValue 10,000 */
  readonly maxSubscriptions: number;
  /** Topics. @defaultValue 100,000 */
  readonly maxTopics: number;
  /** Bytes of a topic's name. @defaultValue 255 */
  readonly maxTopicBytes: number;
  /** Bytes of messages that one topic retains. @defaultValue 67,108,864 */
  readonly maxRetainedBytes: number;
  /** Messages that may wait for one connection. @defaultValue 100,000 */
  readonly maxLagMessages: number;
  /** Bytes of messages that may wait for one connection. @defaultValue 67,108,864 */
  readonly maxLagBytes: number;
  /** Keys that one subscription remembers for dedupe. @defaultValue 100,000 */
  readonly maxKeys: number;
  /** Bytes of unread answers at which the broker stops reading from their client. @defaultValue 65,536 */
  readonly highWaterBytes: number;
  /** Steps (a frame, a record, a replayed message) for one client before others have their turn. @defaultValue 10,000 */
  readonly workPerTurn: number;
  /** Messages that the broadcast channel holds. @defaultValue 4,096 */
  readonly channelCapacity: number;
}

/** The limits that a broker has unless it is told otherwise. */
export const DEFAULT_LIMITS: BrokerLimits = {
  maxFrameSize: DEFAULT_FRAME_LIMIT,
  helloFrameLimit: HELLO_FRAME_LIMIT,
  helloTimeoutMs: 10_000,
  frameTimeoutMs: 10_000,
  idleMs: 30_000,
  closeTimeoutMs: 1_000,
  drainTimeoutMs: 10_000,
  maxConnections: 10_000,
  maxPending: 1_000,
  maxSubscriptions: 10_000,
  maxTopics: 100_000,
  maxTopicBytes: MAX_TOPIC_BYTES,
  maxRetainedBytes: 67_108_864,
  maxLagMessages: 100_000,
  maxLagBytes: 67_108_864,
  maxKeys: 100_000,
  highWaterBytes: 65_536,
  workPerTurn: 10_000,
  channelCapacity: 4_096,
};

/** Options of {@link startBroker}: where to listen, whom to let in, and any of the limits. */
export interface BrokerOptions extends ListenOptions, Partial<BrokerLimits> {
  /** Secret that every client must send in HELLO. @defaultValue none: everybody is let in */
  readonly token?: string;
  /** Allow an address that other machines can reach without a token. @defaultValue false */
  readonly insecure?: boolean;
  /** Number of this life of the logs. @defaultValue the time of the start, in milliseconds since 1970 */
  readonly epoch?: number;
  /** What the age of messages and all deadlines are measured by. @defaultValue the process's monotonic clock */
  readonly clock?: Clock;
}

/** Largest value of each limit that has one; the others may be any whole number of at least 1. */
const most: Partial<BrokerLimits> = {
  maxFrameSize: 0xffffffff,
  helloFrameLimit: 0xffffffff,
  maxTopicBytes: MAX_TOPIC_BYTES,
  channelCapacity: 0x1000000,
};

/**
 * Fill in the defaults and check the values.
 *
 * @throws RangeError that quotes the bad value
 */
export function resolveLimits(options: Partial<BrokerLimits>): BrokerLimits {
  const limits: Record<string, number> = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof BrokerLimits)[]) {
    const value = options[name] ?? DEFAULT_LIMITS[name];
    const highest = most[name] ?? Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(value) || value < 1 || value > highest) {
      throw new RangeError(`${name} is a whole number from 1 to ${highest}, not ${value}`);
    }
    limits[name] = value;
  }
  // Every name of DEFAULT_LIMITS has been filled in above.
  return limits as unknown as BrokerLimits;
}
