import type { BarGroup } from './bar-chart.ts';
import { type Bench, benchOptions, numbers, seconds } from './bench-module.ts';
import { inBoth, otherCheckout } from './checkout.ts';
import type { AdapterName } from './load/adapters.ts';
import type { Window } from './load/closed-loop.ts';
import type { LoadResult } from './load/generator.ts';
import { runLoad, windowsFor } from './load/run-load.ts';
import { Report } from './report.ts';
import { isOwn, MissingServerError, type ServerKind, serverKind, withServer } from './servers.ts';
import { figure, median, ratio } from './table.ts';

/** A broker, and how the generator publishes to it. */
export interface Contestant {
  readonly name: string;
  readonly kind: ServerKind;
  readonly adapter: AdapterName;
}

const DEFAULT_SERVERS = [
  'chapter-6',
  'chapter-6-batched',
  'chapter-4',
  'final',
  'nats-server',
  'redis-server',
  'mosquitto',
  'aedes',
];

/**
 * `NAME`, or `NAME-batched` for one of the course's brokers with 64 messages in a PUBLISH frame; with `@DIR` behind it
 * that of another checkout.
 */
export function contestant(name: string): Contestant {
  const batched = /-batched(?=@|$)/;
  const kind = serverKind(name.replace(batched, ''));
  return { name, kind, adapter: batched.test(name) ? 'leveret-batched' : kind.adapter };
}

/** What is measured in one cell of the table. */
export interface Cell {
  readonly payload: number;
  readonly subscribers: number;
}

/** How long, and how often. */
export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
  readonly trialSeconds: number;
}

/** All rounds of one contestant in one cell. */
export interface Measured {
  readonly contestant: Contestant;
  readonly rounds: readonly LoadResult[];
  /** Deliveries a second: the median of the rounds. */
  readonly rate: number;
  /** Broker's processor time for each delivery, in nanoseconds: the median of the rounds. */
  readonly cpuNs: number;
  readonly peakResidentBytes: number;
  readonly lost: number;
  readonly faults: readonly string[];
}

/**
 * Measures one cell: round by round, each contestant in turn (A B C, A B C, ...), so that a machine that is slow for
 * a while is slow for all. Every run has a fresh broker and a fresh generator. The first round finds the window.
 */
export async function measureCell(
  contestants: readonly Contestant[],
  cell: Cell,
  effort: Effort,
  onMissing: (name: string, reason: string) => void = () => {},
): Promise<Measured[]> {
  const rounds = new Map<Contestant, LoadResult[]>();
  const windows = new Map<Contestant, readonly Window[]>();
  for (let round = 0; round < effort.rounds; round++) {
    for (const one of round === 0 ? contestants : rounds.keys()) {
      try {
        const result = await withServer(one.kind, ({ host, port, pid }) =>
          runLoad({
            adapter: one.adapter,
            host,
            port,
            pid,
            ...cell,
            windows: windows.get(one) ?? windowsFor(cell.payload),
            trialMs: effort.trialSeconds * 1000,
            warmUpMs: 500,
            measureMs: effort.seconds * 1000,
          }),
        );
        windows.set(one, [result.window]);
        rounds.set(one, [...(rounds.get(one) ?? []), result]);
      } catch (error) {
        if (!(error instanceof MissingServerError)) throw error;
        onMissing(one.name, error.message);
      }
    }
  }
  return [...rounds].map(([one, results]) => ({
    contestant: one,
    rounds: results,
    rate: median(results.map(({ deliveries, seconds }) => deliveries / seconds)),
    cpuNs: median(results.map(({ brokerCpuSeconds, deliveries }) => (brokerCpuSeconds / deliveries) * 1e9)),
    peakResidentBytes: Math.max(...results.map((result) => result.peakResidentBytes)),
    lost: results.reduce((sum, result) => sum + result.lost, 0),
    faults: results.flatMap(({ fault }) => (fault === undefined ? [] : [fault])),
  }));
}

/** The table of one cell. */
export function cellTable(measured: readonly Measured[]) {
  const base = (name: string) => measured.find(({ contestant }) => contestant.name === name)?.rate;
  const other = (name: string) =>
    measured.find(({ contestant }) => contestant.name.startsWith(`${name}@`))?.rate;
  const compared = measured.some(({ contestant }) => contestant.name.includes('@'));
  return {
    columns: [
      'server',
      'million deliveries/s',
      'lowest to highest',
      'to nats-server',
      'to redis-server',
      ...(compared ? ['to the other checkout'] : []),
      'broker CPU ns/delivery',
      'broker / generator cores',
      'waited',
      'broker MB',
      'window',
      'lost',
    ],
    rows: measured.map(({ contestant, rounds, rate, cpuNs, peakResidentBytes, lost }) => {
      const rates = rounds.map(({ deliveries, seconds }) => deliveries / seconds / 1e6);
      const cores = (pick: (result: LoadResult) => number) =>
        figure(median(rounds.map((result) => pick(result) / result.seconds)));
      return [
        contestant.name,
        figure(rate / 1e6),
        `${figure(Math.min(...rates))} to ${figure(Math.max(...rates))}`,
        ratio(rate, base('nats-server')),
        ratio(rate, base('redis-server')),
        ...(compared ? [ratio(rate, other(contestant.name))] : []),
        figure(cpuNs),
        `${cores((result) => result.brokerCpuSeconds)} / ${cores((result) => result.generatorCpuSeconds)}`,
        cores((result) => result.waitedSeconds),
        figure(peakResidentBytes / 1e6),
        windowText(rounds[0]?.window),
        lost.toLocaleString('en-US'),
      ];
    }),
  };
}

function windowText(window: Window | undefined): string {
  if (!window) return '-';
  return `${window.window.toLocaleString('en-US')}${window.restMs > 0 ? ', rests' : ''}`;
}

const METHOD =
  'One publisher and N subscribers in one generator process, raw sockets, pre-encoded publishes. Closed loop: at most ' +
  '`window` messages (found for each server) are on their way to any subscriber. Each publish is a frame of its own, but ' +
  'for "batched": 64 messages in a PUBLISH. Every delivery is counted; "lost" is what never came.';

async function run(args: string[]): Promise<void> {
  const { quick, record, values } = benchOptions(args, [
    'servers',
    'subscribers',
    'payload',
    'seconds',
    'rounds',
    'against',
  ]);
  const against = otherCheckout(values.against);
  const report = new Report('fan-out', { record });
  const effort: Effort = {
    rounds: numbers('rounds', values.rounds ?? (quick ? '1' : '3'))[0] ?? 1,
    seconds: seconds('seconds', values.seconds ?? (quick ? '1' : '3')),
    trialSeconds: quick ? 0.2 : 0.4,
  };
  const names = values.servers?.split(',') ?? DEFAULT_SERVERS.filter((name) => !against || isOwn(name));
  let contestants = names.flatMap((name) => (isOwn(name) ? inBoth(name, against) : [name])).map(contestant);
  report.text(METHOD);
  for (const payload of numbers('payload', values.payload ?? '64,1024')) {
    const groups: BarGroup[] = [];
    for (const subscribers of numbers('subscribers', values.subscribers ?? '1,10,100,1000')) {
      const measured = await measureCell(contestants, { payload, subscribers }, effort, (name, reason) => {
        report.progress(reason);
        contestants = contestants.filter((one) => one.name !== name);
      });
      const title = `${payload.toLocaleString('en-US')} bytes, ${subscribers.toLocaleString('en-US')} ${subscribers === 1 ? 'subscriber' : 'subscribers'}`;
      report.text(`**${title}**`);
      report.table(cellTable(measured));
      for (const { contestant: one, faults } of measured) {
        if (faults.length > 0) report.text(`${one.name}: ${[...new Set(faults)].join('; ')}`);
      }
      groups.push({
        title,
        bars: measured.map(({ contestant: one, rate }) => ({
          label: one.name,
          value: rate,
          text: `${figure(rate / 1e6)} M/s`,
          own: one.kind.adapter === 'leveret',
        })),
      });
    }
    report.chart(
      `fan-out-${payload}`,
      `Deliveries a second, ${payload.toLocaleString('en-US')}-byte payloads`,
      groups,
    );
  }
  await report.save();
}

export const bench: Bench = {
  name: 'fan-out',
  summary: "one publisher, many subscribers: deliveries a second of the course's brokers and of known ones",
  options: [
    `--servers ${DEFAULT_SERVERS.join(',')}`,
    '--subscribers 1,10,100,1000   --payload 64,1024   --seconds 3   --rounds 3',
    "--against DIR: the course's brokers only, each in turn with that of another checkout",
  ],
  run,
};
