import { readLimits } from '#framing';
import { type Engine, type RunningBroker, type ServeOptions, serveEngine } from '#protocol/broker';
import { type Clock, monotonicClock, TopicTable } from '#topics';
import { LOG_LIMITS, type LogLimits } from './limits.ts';
import { LogClient } from './log-client.ts';
import { Topic } from './topic.ts';
import { TurnClock } from './turn-clock.ts';

// step 6.12: publishing

/**
 * How often topics that nobody uses are looked at for what they hold and need not, in
 * milliseconds.
 */
const SWEEP_MS = 500;

/** The engine of this chapter: one log for each topic. */
export interface LogEngine extends Engine {
  readonly topics: TopicTable<Topic>;
}

/**
 * Makes an engine with topics of its own, which are empty.
 *
 * @param clock - monotonic milliseconds; tells the age of messages
 */
export function createLogEngine(limits: LogLimits, clock: Clock = monotonicClock): LogEngine {
  const turns = new TurnClock(clock);
  const topics = new TopicTable<Topic>(limits, (name) => new Topic(name, limits, turns));
  const sweeping = setInterval(() => topics.trim(), SWEEP_MS).unref();
  return {
    topics,
    connect: (session) => new LogClient(topics, limits, session),
    close: () => clearInterval(sweeping),
  };
}

/** Options of {@link startLogBroker}: where to listen, and any of the limits. */
export type LogBrokerOptions = ServeOptions & Partial<LogLimits>;

/**
 * Starts the broker of chapter 4 on the log of this one. It asks for no token and lets
 * everybody in, so it listens on this machine alone unless it is told otherwise.
 *
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 * @throws OptionError for a limit or a port out of range
 */
export async function startLogBroker(options: LogBrokerOptions = {}): Promise<RunningBroker> {
  const limits = readLimits<keyof LogLimits>(LOG_LIMITS, options);
  return serveEngine(createLogEngine(limits), limits, options);
}
