import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How late the event loop serves its timers, in milliseconds: the time that every connection waits. */
export interface EventLoopDelayMs {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How often the event loop is looked at, in milliseconds. */
const RESOLUTION = 10;

/** Measures the delay of the event loop, from the first time that somebody wants to know it. */
export class EventLoopDelay {
  #histogram: IntervalHistogram | undefined;

  /** Since the first call, which begins the measurement; zeros in that first answer. */
  read(): EventLoopDelayMs {
    if (this.#histogram === undefined) {
      this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
      this.#histogram.enable();
      return { mean: 0, p50: 0, p99: 0, max: 0 };
    }
    const { mean, max } = this.#histogram;
    const [p50, p99] = [this.#histogram.percentile(50), this.#histogram.percentile(99)];
    return { mean: late(mean), p50: late(p50), p99: late(p99), max: late(max) };
  }

  /** Ends the measurement. */
  close(): void {
    this.#histogram?.disable();
  }
}

/** The histogram holds whole intervals in nanoseconds; a loop that is on time shows the resolution itself. */
function late(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e6 - RESOLUTION) : 0;
}
