import type { Logger } from './logger.ts';

/** Milliseconds in which each client has so many lines. */
const INTERVAL_MS = 1_000;
/** Lines of one client in that time. */
const MAX_LINES = 10;
/** Clients with lines of their own in that time; those beyond share them. */
const MAX_CLIENTS = 10;

/** What was done to a topic, as the log says it. */
export type TopicChange = 'topic deleted' | 'topic purged';

/** Who did it. */
interface Doer {
  /** Number of its connection. */
  readonly number: number;
  readonly name: string;
}

/** What is told of a client in the current second, and what is not. */
interface Account {
  readonly who: object;
  lines: number;
  readonly leftOut: { [Change in TopicChange]?: number };
}

/**
 * Logs who deleted or purged which topic, at a bounded rate: ten lines a second for a client, and for ten clients. What is left
 * out is told once a second, by client and number; each by itself is there at the level `debug`.
 */
export class TopicAudit {
  readonly #logger: Pick<Logger, 'info' | 'debug'>;
  readonly #accounts = new Map<number, Account>();
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Pick<Logger, 'info' | 'debug'>) {
    this.#logger = logger;
  }

  /**
   * Somebody has changed a topic.
   *
   * @param facts - which one, and what it held
   */
  tell({ number: connection, name: client }: Doer, change: TopicChange, facts: object): void {
    this.#timer ??= setTimeout(() => this.#nextSecond(), INTERVAL_MS).unref();
    const account = this.#accountOf(connection, client);
    const line = { connection, client, ...facts };
    if (account.lines < MAX_LINES) {
      account.lines++;
      this.#logger.info(line, change);
      return;
    }
    account.leftOut[change] = (account.leftOut[change] ?? 0) + 1;
    this.#logger.debug(line, change);
  }

  /** Tells what was left out; for the end. */
  close(): void {
    clearTimeout(this.#timer);
    this.#nextSecond();
  }

  #accountOf(connection: number, client: string): Account {
    const isShared = this.#accounts.size >= MAX_CLIENTS && !this.#accounts.has(connection);
    // Connections count from 1: 0 is for those beyond.
    const key = isShared ? 0 : connection;
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = { who: isShared ? {} : { connection, client }, lines: 0, leftOut: {} };
      this.#accounts.set(key, account);
    }
    return account;
  }

  #nextSecond(): void {
    this.#timer = undefined;
    const accounts = [...this.#accounts.values()];
    this.#accounts.clear();
    for (const { who, leftOut } of accounts) {
      if (Object.keys(leftOut).length > 0) this.#logger.info({ ...who, leftOut }, 'more topics changed');
    }
  }
}
