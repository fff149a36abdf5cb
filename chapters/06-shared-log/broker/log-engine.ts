import { readLimits } from '#framing';
import {
  type Engine,
  type EngineClientHost,
  type RunningBroker,
  type ServeOptions,
  serveEngine,
} from '#protocol/broker';
import { LOG_LIMITS, type LogLimits } from './limits.ts';
import { LogClient } from './log-client.ts';
import { TopicTable } from './topic-table.ts';

/** How often topics that nobody uses are looked at for what they hold and need not, in milliseconds. */
const SWEEP_MS = 500;

/** The engine of this chapter: one log for each topic. */
export class LogEngine implements Engine {
  readonly topics: TopicTable;
  readonly #sweeping: NodeJS.Timeout;

  constructor(topics: TopicTable) {
    this.topics = topics;
    this.#sweeping = setInterval(() => topics.sweep(), SWEEP_MS).unref();
  }

  connect(session: EngineClientHost): LogClient {
    return new LogClient(this.topics, session);
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
  return serveEngine(new LogEngine(new TopicTable(limits)), limits, options);
}
