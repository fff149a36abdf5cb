import { readLimits } from '#framing';
import {
  type Engine,
  type EngineClientHost,
  type RunningBroker,
  type ServeOptions,
  serveEngine,
} from '#protocol/broker';
import { type Clock, monotonicClock, TopicTable } from '#topics';
import { LOG_LIMITS, type LogLimits } from './limits.ts';
import { LogClient } from './log-client.ts';
import { TickScheduler } from './tick-scheduler.ts';
import { Topic } from './topic.ts';

/** How often topics that nobody uses are looked at for what they hold and need not, in milliseconds. */
const SWEEP_MS = 500;

/** The engine of this chapter: one log for each topic. */
export class LogEngine implements Engine {
  readonly topics: TopicTable<Topic>;
  readonly #limits: LogLimits;
  readonly #sweeping: NodeJS.Timeout;

  /** @param clock - monotonic milliseconds; tells the age of messages */
  constructor(limits: LogLimits, clock: Clock = monotonicClock) {
    const ticks = new TickScheduler(clock);
    this.#limits = limits;
    this.topics = new TopicTable(limits, (name) => new Topic(name, limits, ticks));
    this.#sweeping = setInterval(() => this.topics.trim(), SWEEP_MS).unref();
  }

  connect(session: EngineClientHost): LogClient {
    return new LogClient(this.topics, this.#limits, session);
  }

  close(): void {
    clearInterval(this.#sweeping);
  }
}

/**
 * Starts the broker of chapter 4 on the log of this one. It asks for no token and lets everybody in, so it listens on
 * this machine alone unless it is told otherwise.
 *
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 * @throws OptionError for a limit or a port out of range
 */
export async function startLogBroker(
  options: ServeOptions & Partial<LogLimits> = {},
): Promise<RunningBroker> {
  const limits = readLimits<keyof LogLimits>(LOG_LIMITS, options);
  return serveEngine(new LogEngine(limits), limits, options);
}
