import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { CLOSE_REASONS, type CloseReason } from './close-reason.ts';

/** How late the event loop serves its timers, in milliseconds: the time that every connection waits. */
export interface EventLoopDelay {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What a table holds and has done. */
export interface ConnectionStatus {
  /** Connections that are open or closing now. */
  readonly connections: number;
  /** Connections taken in so far. */
  readonly accepted: number;
  /** Connections refused so far. */
  readonly refused: number;
  /** Bytes received so far, by all connections that ever were. */
  readonly bytesIn: number;
  /** Bytes given to `write` so far. */
  readonly bytesOut: number;
  /** Bytes that wait now for a peer to take them. */
  readonly queuedBytes: number;
  /** How many connections were closed so far, for each reason. */
  readonly closed: Readonly<Record<CloseReason, number>>;
  /** Since the first call of `status()`, which begins the measurement; zeros in that first answer. */
  readonly eventLoopDelay: EventLoopDelay;
  /** Seconds since the table was made. */
  readonly uptime: number;
}

/** What the counters need to know of a connection. */
export interface Counted {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly queuedBytes: number;
}

/** Counters of a table. Live connections count for themselves; what the gone ones counted is kept here. */
export class Tally {
  accepted = 0;
  refused = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  readonly #closed = Object.fromEntries(CLOSE_REASONS.map((reason) => [reason, 0])) as Record<
    CloseReason,
    number
  >;
  readonly #since = performance.now();
  #delay: IntervalHistogram | undefined;

  /** A connection has closed. */
  leave(connection: Counted, reason: CloseReason): void {
    this.#bytesIn += connection.bytesIn;
    this.#bytesOut += connection.bytesOut;
    this.#closed[reason] += 1;
  }

  /** Adds it all up. */
  // #region report
  report(live: Iterable<Counted>, connections: number): ConnectionStatus {
    let bytesIn = this.#bytesIn;
    let bytesOut = this.#bytesOut;
    let queuedBytes = 0;
    for (const connection of live) {
      bytesIn += connection.bytesIn;
      bytesOut += connection.bytesOut;
      queuedBytes += connection.queuedBytes;
    }
    return {
      connections,
      accepted: this.accepted,
      refused: this.refused,
      bytesIn,
      bytesOut,
      queuedBytes,
      closed: { ...this.#closed },
      eventLoopDelay: this.#eventLoopDelay(),
      uptime: (performance.now() - this.#since) / 1000,
    };
  }
  // #endregion report

  #eventLoopDelay(): EventLoopDelay {
    if (this.#delay === undefined) {
      this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION });
      this.#delay.enable();
      return { mean: 0, p50: 0, p99: 0, max: 0 };
    }
    const { mean, max } = this.#delay;
    return {
      mean: late(mean),
      p50: late(this.#delay.percentile(50)),
      p99: late(this.#delay.percentile(99)),
      max: late(max),
    };
  }
}

/** How often the event loop is looked at, in milliseconds. */
const RESOLUTION = 10;

/** The histogram holds whole intervals in nanoseconds; a loop that is on time shows the resolution itself. */
function late(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e6 - RESOLUTION) : 0;
}
