import { readLimits } from '#framing';
import { ChannelEngine } from './channel-engine.ts';
import { BROKER_LIMITS, type BrokerLimits } from './limits.ts';
import { type RunningBroker, type ServeOptions, serveEngine } from './serve.ts';

/** Options of {@link startBroker}: where to listen, and any of the limits. */
export type BrokerOptions = ServeOptions & Partial<BrokerLimits>;

/**
 * Starts the broker of this chapter. It asks for no token and lets everybody in, so it listens on this machine alone
 * unless it is told otherwise.
 *
 * Source: the seed zaichik.
 *
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 * @throws OptionError for a limit or a port out of range
 */
export function startBroker(options: BrokerOptions = {}): Promise<RunningBroker> {
  const limits = readLimits<keyof BrokerLimits>(BROKER_LIMITS, options);
  return serveEngine(new ChannelEngine(limits), limits, options);
}
