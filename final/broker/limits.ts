import { type Limit, MAX_TIMEOUT_MS, OptionError, readLimits } from '#framing';
import { BROKER_LIMITS, HELLO_FRAME_LIMIT, MAX_KEY_BYTES } from '#protocol';
import { usualMemoryBound } from './memory/usual-bound.ts';

/**
 * What is done about a subscriber that lags beyond its limit: it is disconnected; or it is told which messages
 * it will not get, and goes on with the next one; or the publishers of its topic wait for it.
 */
export type SlowPolicy = (typeof SLOW_POLICIES)[number];

/**
 * What is done when all topics together hold `maxTotalRetainedBytes`: the oldest messages of the largest topics are dropped;
 * or publishes are refused until there is room.
 */
export type MemoryPolicy = (typeof MEMORY_POLICIES)[number];

/** The policies for memory that there are. */
export const MEMORY_POLICIES = ['drop', 'refuse'] as const;

/** The policies that there are. */
export const SLOW_POLICIES = ['disconnect', 'skip', 'block'] as const;

const MiB = 1_048_576;
/** Bytes of a HELLO with the longest name and no token: its type, the version, and the lengths of both texts. */
export const HELLO_BYTES = 1 + 1 + 1 + 255 + 2;

const time = (usual: number, min: 0 | 1): Limit => ({ default: usual, min, max: MAX_TIMEOUT_MS });

/**
 * Every limit of the broker that is a number: those of chapter 4 with their bounds, and those of a product. The
 * configuration, its flags and its messages come from this table.
 */
export const LIMITS = {
  ...BROKER_LIMITS,
  /** Largest frame before HELLO, in bytes. A HELLO without a token fits, and no HELLO is larger than the most. */
  helloFrameLimit: { default: HELLO_FRAME_LIMIT, min: HELLO_BYTES, max: HELLO_BYTES + 0xffff },
  /** How long a client may take to say HELLO. */
  helloTimeoutMs: time(10_000, 1),
  /** How long one frame may take to arrive, from its first byte to its last. */
  frameTimeoutMs: time(10_000, 1),
  /** How long a client may be silent before it is sent a PING; after two without an answer it is closed. 0: never. */
  idleMs: time(30_000, 0),
  /** How many connections may not have said HELLO yet. */
  maxPending: { ...BROKER_LIMITS.maxConnections, default: 1_000 },
  /** How many subscriptions all connections may have, those among them that patterns lead to. Each costs some 400 bytes. */
  maxTotalSubscriptions: { default: 250_000, min: 1, max: 100_000_000 },
  /** How many inboxes, which carry replies, one connection may own. */
  maxInboxes: { ...BROKER_LIMITS.maxSubscriptions, default: 16 },
  /** How many patterns one connection may subscribe to. The topics that they lead to count as subscriptions. */
  maxPatterns: { default: 100, min: 1, max: 10_000 },
  /** How many patterns all connections may subscribe to. */
  maxTotalPatterns: { default: 10_000, min: 1, max: 1_000_000 },
  /** How many tokens between dots a pattern may have. */
  maxPatternTokens: { default: 16, min: 1, max: 128 },
  /** How long a topic that holds nothing, with no subscriber and no settings, is kept after its last use. */
  topicIdleMs: time(5_000, 1),
  /** Bytes of frames that have come in part, on all connections together; never less than one frame may have. */
  maxUnfinishedBytes: { default: 256 * MiB, min: MiB, max: Number.MAX_SAFE_INTEGER },
  /** Longest key of a message, in bytes. */
  maxKeyBytes: { default: MAX_KEY_BYTES, min: 1, max: 0xffff },
  /** How far a subscriber may lag, in messages: one that lags far costs nothing more, as all read the same log. */
  maxLagMessages: { ...BROKER_LIMITS.maxLagMessages, default: 1_000_000 },
  /** How far a subscriber may lag, in bytes of its topic's log. It counts for each subscription, so it is smaller. */
  maxLagBytes: { ...BROKER_LIMITS.maxLagBytes, default: 32 * MiB },
  /** A client that does not read the answers to its requests is not read from while so many bytes of them are buffered. */
  highWaterBytes: { default: MiB, min: 1, max: Number.MAX_SAFE_INTEGER },
  /**
   * A client that takes none of the bytes that are buffered for it for so long is closed, whether it has ended its
   * side or not. 0: never.
   */
  drainTimeoutMs: { ...BROKER_LIMITS.drainTimeoutMs, min: 0 },
  /** What all topics together may hold of memory, in bytes: segments of their logs, and keys. */
  maxTotalRetainedBytes: { default: usualMemoryBound(), min: MiB, max: Number.MAX_SAFE_INTEGER },
  /** What all connections together may buffer, in bytes: what clients have not taken, and what waits to be served. */
  maxTotalBufferedBytes: {
    default: Math.floor(usualMemoryBound() / 4),
    min: MiB,
    max: Number.MAX_SAFE_INTEGER,
  },
} as const satisfies Record<string, Limit>;

/** The names of the limits that are numbers. */
export type LimitName = keyof typeof LIMITS;

/** Every limit of the broker. Durations are milliseconds; the table of limits says what each one is. */
export interface BrokerLimits extends Readonly<Record<LimitName, number>> {
  /**
   * What is done about a subscriber that lags beyond its limit.
   * @defaultValue `'disconnect'`
   */
  readonly slowPolicy: SlowPolicy;
  /**
   * What is done when all topics together hold `maxTotalRetainedBytes`.
   * @defaultValue `'drop'`
   */
  readonly memoryPolicy: MemoryPolicy;
}

/** BrokerLimits of which any may be left out. */
export type LimitOptions = { readonly [Name in keyof BrokerLimits]?: BrokerLimits[Name] | undefined };

/**
 * Reads the limits out of options. What is not given has its default; other options are left alone.
 *
 * @throws OptionError that names the limit and quotes the bad value
 */
export function readBrokerLimits(given: LimitOptions): BrokerLimits {
  const { slowPolicy = 'disconnect', memoryPolicy = 'drop' } = given;
  if (!SLOW_POLICIES.includes(slowPolicy)) {
    throw new OptionError(`slowPolicy is one of ${SLOW_POLICIES.join(', ')}, not "${slowPolicy}"`);
  }
  if (!MEMORY_POLICIES.includes(memoryPolicy)) {
    throw new OptionError(`memoryPolicy is one of ${MEMORY_POLICIES.join(', ')}, not "${memoryPolicy}"`);
  }
  return { ...readLimits<LimitName>(LIMITS, given), slowPolicy, memoryPolicy };
}
