import type { Logger } from './logger.ts';

/** Milliseconds between two lines of one address. */
const INTERVAL_MS = 1_000;
/** Lines in that time, of all addresses together. */
const MAX_LINES = 10;

/**
 * Logs that somebody was not let in: with address and reason, at most once a second for each address and ten times in all.
 * Those that are left out are counted, and told once a second.
 */
export class RefusedLogins {
  readonly #logger: Pick<Logger, 'warn'>;
  // Addresses that have had their line in the current second.
  readonly #told = new Set<string>();
  #leftOut = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Pick<Logger, 'warn'>) {
    this.#logger = logger;
  }

  /**
   * Somebody was refused.
   *
   * @param remoteAddress - with or without the port
   * @param facts - what else is known, never the token
   */
  tell(remoteAddress: string | undefined, reason: string, facts: object = {}): void {
    const address = remoteAddress ?? 'unknown';
    const host = address.replace(/:\d+$/, '');
    this.#timer ??= setTimeout(() => this.#nextSecond(), INTERVAL_MS).unref();
    if (this.#told.has(host) || this.#told.size >= MAX_LINES) {
      this.#leftOut++;
      return;
    }
    this.#told.add(host);
    this.#logger.warn({ remoteAddress: address, ...facts, reason }, 'login refused');
  }

  /** Tells what was left out; for the end. */
  close(): void {
    clearTimeout(this.#timer);
    this.#nextSecond();
  }

  #nextSecond(): void {
    this.#timer = undefined;
    this.#told.clear();
    if (this.#leftOut === 0) return;
    this.#logger.warn({ count: this.#leftOut }, 'more logins refused');
    this.#leftOut = 0;
  }
}
