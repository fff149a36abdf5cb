import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/** How often the event loop is looked at, in milliseconds. */
const RESOLUTION_MS = 10;

/** What is told of the time between two scrapes: the last part of each name, what it is, and how it is read. */
const FIGURES = [
  ['', 'the mean', ({ mean }) => mean],
  ['min_', 'the least', ({ min }) => min],
  ['max_', 'the most', ({ max }) => max],
  ['mean_', 'the mean', ({ mean }) => mean],
  ['p50_', 'the 50th percentile', (histogram) => histogram.percentile(50)],
  ['p90_', 'the 90th percentile', (histogram) => histogram.percentile(90)],
  ['p99_', 'the 99th percentile', (histogram) => histogram.percentile(99)],
] as const satisfies readonly (readonly [string, string, (histogram: DelayHistogram) => number])[];

type DelayHistogram = Omit<ReturnType<typeof monitorEventLoopDelay>, 'enable' | 'disable'>;

/**
 * How late the event loop served its timers, between two scrapes. Under the names of prom-client, whose own figures are no
 * numbers until something was measured (NaN, and a minimum of 9.2e9 s), and hold the interval of the measurement too.
 *
 * @returns sets all of them
 */
export function eventLoopLag(registry: Registry): () => void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const gauges = FIGURES.map(([part, words, read]) => {
    const name = `nodejs_eventloop_lag_${part}seconds`;
    registry.removeSingleMetric(name);
    const help = `How late the event loop served its timers since the last scrape: ${words}.`;
    return { gauge: new Gauge({ name, help, registers: [registry] }), read };
  });
  registry.removeSingleMetric('nodejs_eventloop_lag_stddev_seconds');
  return () => {
    const isMeasured = histogram.count > 0;
    for (const { gauge, read } of gauges) {
      gauge.set(isMeasured ? Math.max(0, read(histogram) / 1e9 - RESOLUTION_MS / 1000) : 0);
    }
    histogram.reset();
  };
}
