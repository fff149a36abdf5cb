import { DEFAULT_FRAME_LIMIT, type Limit, MAX_TIMEOUT_MS, OptionError, readLimits } from '#framing';
import { HELLO_FRAME_LIMIT, MAX_KEY_BYTES, MAX_TOPIC_BYTES } from '#protocol';

/**
 * What is done about a subscriber that lags beyond its limit: it is disconnected; or it is told which messages
 * it will not get, and goes on with the next one; or the publishers of its topic wait for it.
 */
export type SlowPolicy = (typeof SLOW_POLICIES)[number];

/** The policies that there are. */
export const SLOW_POLICIES = ['disconnect', 'skip', 'block'] as const;

const MiB = 1_048_576;
/** The size field of a frame goes no further, and neither does `maxFrameSize` in WELCOME. */
const MAX_U32 = 0xffff_ffff;
/** What is kept by name goes into one Map, which holds so many at most. */
const MAX_NAMES = 16_777_216;

const size = (usual: number): Limit => ({ default: usual, min: 1, max: MAX_U32 });
const bytes = (usual: number): Limit => ({ default: usual, min: 1, max: Number.MAX_SAFE_INTEGER });
const count = (usual: number, max: number): Limit => ({ default: usual, min: 1, max });
const time = (usual: number, min: 0 | 1): Limit => ({ default: usual, min, max: MAX_TIMEOUT_MS });

/**
 * Every limit of the broker that is a number: its default, and the least and the most that it may be set to. The
 * configuration, its flags and its messages come from this table.
 */
export const LIMITS = {
  /** Largest frame from or to a client, in bytes, as its size field counts. */
  maxFrameSize: size(DEFAULT_FRAME_LIMIT),
  /** Largest frame before HELLO, in bytes. */
  helloFrameLimit: size(HELLO_FRAME_LIMIT),
  /** How long a client may take to say HELLO. */
  helloTimeoutMs: time(10_000, 1),
  /** How long one frame may take to arrive, from its first byte to its last. */
  frameTimeoutMs: time(10_000, 1),
  /** How long a client may be silent before it is sent a PING; after two without an answer it is closed. 0: never. */
  idleMs: time(30_000, 0),
  /** How many connections there may be. */
  maxConnections: count(10_000, MAX_NAMES),
  /** How many of them may not have said HELLO yet. */
  maxPending: count(1_000, MAX_NAMES),
  /** How many subscriptions one connection may have, of all kinds, with the topics that its patterns lead to. */
  maxSubscriptions: count(10_000, MAX_NAMES),
  /** How many topics there may be. */
  maxTopics: count(100_000, MAX_NAMES),
  /** Longest name of a topic, in bytes. */
  maxTopicBytes: count(MAX_TOPIC_BYTES, MAX_TOPIC_BYTES),
  /** Longest key of a message, in bytes. */
  maxKeyBytes: count(MAX_KEY_BYTES, 0xffff),
  /** How many keys a topic remembers for its dedupe window. */
  maxKeys: count(100_000, MAX_NAMES),
  /** How many bytes a topic retains, however young they are. */
  maxRetainedBytes: bytes(64 * MiB),
  /** How far a subscriber may lag, in bytes of its topic's log. */
  maxLagBytes: bytes(32 * MiB),
  /** How far a subscriber may lag, in messages. */
  maxLagMessages: count(1_000_000, Number.MAX_SAFE_INTEGER),
  /** A client that does not read the answers to its requests is not read from while so many bytes of them are buffered. */
  highWaterBytes: bytes(MiB),
  /** A client that takes none of the bytes that are buffered for it for so long is closed. 0: never. */
  drainTimeoutMs: time(10_000, 0),
  /** How long the last frames of a connection that the broker ends may take to leave. */
  closeTimeoutMs: time(1_000, 1),
} as const satisfies Record<string, Limit>;

/** The names of the limits that are numbers. */
export type LimitName = keyof typeof LIMITS;

/** Every limit of the broker. Durations are milliseconds; {@link LIMITS} says what each one is. */
export interface BrokerLimits extends Readonly<Record<LimitName, number>> {
  /**
   * What is done about a subscriber that lags beyond its limit.
   * @defaultValue `'disconnect'`
   */
  readonly slowPolicy: SlowPolicy;
}

/** BrokerLimits of which any may be left out. */
export type LimitOptions = { readonly [Name in keyof BrokerLimits]?: BrokerLimits[Name] | undefined };

/**
 * Reads the limits out of options. What is not given has its default; other options are left alone.
 *
 * @throws OptionError that names the limit and quotes the bad value
 */
export function readBrokerLimits(given: LimitOptions): BrokerLimits {
  const { slowPolicy = 'disconnect' } = given;
  if (!SLOW_POLICIES.includes(slowPolicy)) {
    throw new OptionError(`slowPolicy is one of ${SLOW_POLICIES.join(', ')}, not "${slowPolicy}"`);
  }
  return { ...readLimits<LimitName>(LIMITS, given), slowPolicy };
}
