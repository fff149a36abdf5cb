import type { BrokerCore } from '../broker/core.ts';
import type { HistoryState } from './state.ts';

/** How often a sample is taken, in milliseconds. */
const INTERVAL_MS = 1_000;
/** Samples that are kept: five minutes. */
const MAX_SAMPLES = 300;

/** What a sample is made of: counters that only grow. */
export interface Counters {
  /** Messages published. */
  readonly published: number;
  /** Bytes sent to clients. */
  readonly bytesOut: number;
}

/** The counters of a broker. Walks over its connections, and over nothing else. */
export function countersOf({ published, table }: BrokerCore): Counters {
  return { published, bytesOut: table.status().bytesOut };
}

/**
 * The rates of the last five minutes, so that a page that has just been opened shows what was before. It is kept whether
 * anybody looks or not.
 */
export class History {
  readonly #read: () => Counters;
  readonly #samples: { at: number; messages: number; bytes: number }[] = [];
  #before: Counters & { readonly at: number };
  #timer: NodeJS.Timeout | undefined;

  /** @param now - milliseconds since 1970 */
  constructor(read: () => Counters, now = Date.now()) {
    this.#read = read;
    this.#before = { at: now, ...read() };
  }

  /** Takes a sample every second from now on. */
  start(guard: (run: () => void) => void): void {
    this.#timer = setInterval(() => guard(() => this.sample(Date.now())), INTERVAL_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /**
   * Takes a sample.
   *
   * @param now - milliseconds since 1970. When the clock was set back, this one is left out
   */
  sample(now: number): void {
    const before = this.#before;
    const { published, bytesOut } = this.#read();
    this.#before = { at: now, published, bytesOut };
    const seconds = (now - before.at) / 1000;
    if (seconds <= 0) return;
    this.#samples.push({
      at: now,
      messages: Math.max(0, published - before.published) / seconds,
      bytes: Math.max(0, bytesOut - before.bytesOut) / seconds,
    });
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }

  /** All samples, the oldest first. */
  tell(): HistoryState {
    return {
      at: this.#samples.map(({ at }) => at),
      messages: this.#samples.map(({ messages }) => Math.round(messages * 10) / 10),
      bytes: this.#samples.map(({ bytes }) => Math.round(bytes)),
    };
  }
}
