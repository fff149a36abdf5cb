import { BROKER_LIMITS, type BrokerLimits } from '#protocol/broker';

/**
 * The limits of chapter 4's broker, for a faster one: who reads a million messages a
 * second is soon a hundred thousand behind. What lies in the log costs the same for one
 * that lags as for a hundred.
 */
export const LOG_LIMITS = {
  ...BROKER_LIMITS,
  /** What may lie unread before a subscriber that was published since it subscribed. */
  maxLagMessages: { ...BROKER_LIMITS.maxLagMessages, default: 1_000_000 },
  maxLagBytes: { ...BROKER_LIMITS.maxLagBytes, default: 33_554_432 },
} as const;

/** The limits of a running broker. */
export type LogLimits = BrokerLimits;
