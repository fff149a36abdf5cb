import { DEFAULT_FRAME_LIMIT, type Limit, MAX_TIMEOUT_MS } from '#framing';
import { MAX_TOPIC_BYTES } from '../wire/index.ts';

/**
 * Everything that a client can make a broker hold, and for how long: each is an option of `startBroker`, checked by
 * `readLimits`. Who has more to bound spreads this table into one of its own. docs/protocol.md says what a client
 * sees beyond each limit.
 */
export const BROKER_LIMITS = {
  /** Largest frame after HELLO, in bytes, as its size field counts. At least the largest PING must fit. */
  maxFrameSize: { default: DEFAULT_FRAME_LIMIT, min: 65, max: 0xffff_ffff },
  /** Connections at a time. */
  maxConnections: { default: 10_000, min: 1, max: 1_000_000 },
  /** Topics. */
  maxTopics: { default: 100_000, min: 1, max: 10_000_000 },
  /** Bytes of a topic's name. */
  maxTopicBytes: { default: MAX_TOPIC_BYTES, min: 1, max: MAX_TOPIC_BYTES },
  /** Subscriptions of one connection. */
  maxSubscriptions: { default: 10_000, min: 1, max: 10_000_000 },
  /** Bytes of messages that one topic retains. */
  maxRetainedBytes: { default: 67_108_864, min: 1, max: Number.MAX_SAFE_INTEGER },
  /** Keys that one topic remembers for dedupe. */
  maxKeys: { default: 100_000, min: 1, max: 10_000_000 },
  /** Messages, and bytes of messages, that may wait for one connection. Beyond it, it is too slow. */
  maxLagMessages: { default: 100_000, min: 1, max: Number.MAX_SAFE_INTEGER },
  maxLagBytes: { default: 67_108_864, min: 1, max: Number.MAX_SAFE_INTEGER },
  /** Milliseconds that a client has to take the last frame and go. */
  closeTimeoutMs: { default: 1_000, min: 1, max: MAX_TIMEOUT_MS },
  /** Milliseconds that a client which has ended its direction has to take its answers. */
  drainTimeoutMs: { default: 10_000, min: 1, max: MAX_TIMEOUT_MS },
} as const satisfies Readonly<Record<string, Limit>>;

/** The limits of a running broker. */
export type BrokerLimits = Readonly<Record<keyof typeof BROKER_LIMITS, number>>;
