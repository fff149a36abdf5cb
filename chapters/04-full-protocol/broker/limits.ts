import { DEFAULT_FRAME_LIMIT, type Limit, MAX_TIMEOUT_MS } from '#framing';
import { REGISTRY_LIMITS, SUBSCRIBER_LIMITS } from '#topics';

/**
 * Everything that a client can make a broker hold, and for how long: each is an option of `startBroker`, checked by
 * `readLimits`. Who has more to bound spreads this table into one of its own. docs/protocol.md says what a client
 * sees beyond each limit.
 */
export const BROKER_LIMITS = {
  ...REGISTRY_LIMITS,
  ...SUBSCRIBER_LIMITS,
  /** Largest frame after HELLO, in bytes, as its size field counts. The largest PING must fit, and a buffer hold it. */
  maxFrameSize: { default: DEFAULT_FRAME_LIMIT, min: 65, max: 1_073_741_824 },
  /** Connections at a time. */
  maxConnections: { default: 10_000, min: 1, max: 16_777_216 },
  /** Milliseconds that a client has to take the last frame and go. */
  closeTimeoutMs: { default: 1_000, min: 1, max: MAX_TIMEOUT_MS },
  /** Milliseconds that a client which has ended its direction has to take its answers. */
  drainTimeoutMs: { default: 10_000, min: 1, max: MAX_TIMEOUT_MS },
} as const satisfies Readonly<Record<string, Limit>>;

/** The limits of a running broker, each with a value. */
export type BrokerLimits = Readonly<Record<keyof typeof BROKER_LIMITS, number>>;
