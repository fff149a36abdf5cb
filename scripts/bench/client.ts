/** This project's client beside the well-kept clients of other brokers. */
import type { BarGroup } from './bar-chart.ts';
import { type Bench, benchOptions, numbers, seconds } from './bench-module.ts';
import { inBoth, otherCheckout } from './checkout.ts';
import type { Way } from './client/adapter.ts';
import { type Effort, measureRound, type Round, type Stream } from './client/measure.ts';
import { SYSTEMS, type System } from './client/systems.ts';
import { Report } from './report.ts';
import { MissingServerError } from './servers.ts';
import { figure, median, ratio, type Table } from './table.ts';

const OWN = 'leveret';
const RIVAL = 'nats.js';
/** Goal: so many times the messages a second of nats.js. */
const TIMES = 3;

const METHOD =
  'A publisher, a subscriber and the broker, each a process of its own. Every message is counted and looked at by the ' +
  'program that receives it (its length, and its number in its first bytes): nothing may be lost, doubled or out of order. At most 4 MiB ' +
  'of payload are on their way: the subscriber reports how far it is, and publishers of all systems wait for that. Within it each ' +
  'publishes as its documentation recommends: leveret waits for `ready()` when it is not `writable`, nats.js calls `flush()` ' +
  'after each batch (1,024 messages, 256 of 1,024 bytes), ioredis sends a batch as a pipeline, mqtt.js waits for the callback of the last of a batch; ' +
  'all but leveret hand over the next batch meanwhile. Payloads are read where they lie (`message.view`, `msg.data`, the Buffer of mqtt.js and of `messageBuffer`).';

/** All rounds of one system with one size of payload. */
interface Measured {
  readonly system: System;
  readonly rounds: readonly Round[];
}

async function measure(
  systems: readonly System[],
  payload: number,
  rounds: number,
  effort: Effort,
  report: Report,
): Promise<Measured[]> {
  const found = new Map<System, Round[]>();
  for (let round = 0; round < rounds; round++) {
    for (const system of round === 0 ? systems : found.keys()) {
      try {
        const one = await measureRound(system, payload, effort);
        found.set(system, [...(found.get(system) ?? []), one]);
        report.progress(`${payload} B, round ${round + 1}, ${system.name}: ${progress(one)}`);
      } catch (error) {
        if (!(error instanceof MissingServerError)) throw error;
        report.progress(error.message);
      }
    }
  }
  return [...found].map(([system, all]) => ({ system, rounds: all }));
}

function progress({ streams, confirmed, latencies }: Round): string {
  const rates = Object.entries(streams).map(([way, { rate }]) => `${way} ${figure(rate / 1e3)} k/s`);
  return [
    ...rates,
    `confirmed ${figure(confirmed.sentRate / 1e3)} k/s`,
    `p50 ${micros(quantile(latencies, 0.5))}`,
  ].join(', ');
}

/** The median over the rounds of one figure of a stream; undefined where the client has no such way. */
function middle(
  { rounds }: Measured,
  pick: (round: Round) => Stream | undefined,
  value: (stream: Stream) => number,
): number | undefined {
  const values = rounds.flatMap((round) => {
    const stream = pick(round);
    return stream === undefined ? [] : [value(stream)];
  });
  return values.length === 0 ? undefined : median(values);
}

const rateOf = (measured: Measured, way: Way) =>
  middle(
    measured,
    ({ streams }) => streams[way],
    ({ rate }) => rate,
  );

/** The median over the rounds of a quantile of the round trips, in milliseconds. */
function latency({ rounds }: Measured, share: number): number {
  return median(rounds.map(({ latencies }) => quantile(latencies, share)));
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const micros = (milliseconds: number) => `${figure(milliseconds * 1e3)} us`;

function streamTable(measured: readonly Measured[], way: Way): Table {
  const rival = measured.find(({ system }) => system.name === RIVAL);
  const base = rival && rateOf(rival, way);
  return {
    columns: [
      'client',
      'thousand messages/s',
      'lowest to highest',
      `to ${RIVAL}`,
      'publisher CPU ns',
      'subscriber CPU ns',
      'broker CPU ns',
      'waited',
      'lost',
    ],
    rows: measured
      .filter(({ system }) => system.ways.includes(way))
      .map((one) => {
        const pick = ({ streams }: Round) => streams[way];
        const rates = one.rounds.map((round) => (pick(round)?.rate ?? 0) / 1e3);
        const of = (value: (stream: Stream) => number) => figure(middle(one, pick, value) ?? Number.NaN);
        return [
          one.system.name,
          of(({ rate }) => rate / 1e3),
          `${figure(Math.min(...rates))} to ${figure(Math.max(...rates))}`,
          ratio(rateOf(one, way) ?? 0, base),
          of(({ publisherCpu }) => publisherCpu * 1e9),
          of(({ subscriberCpu }) => subscriberCpu * 1e9),
          of(({ brokerCpu }) => brokerCpu * 1e9),
          of(({ waited }) => waited),
          one.rounds.reduce((sum, round) => sum + (pick(round)?.lost ?? 0), 0).toLocaleString('en-US'),
        ];
      }),
  };
}

function answerTable(measured: readonly Measured[]): Table {
  return {
    columns: [
      'client',
      'confirmed by',
      'thousand confirmed/s',
      'publisher CPU ns',
      'broker CPU ns',
      'lost',
      'requests',
      'p50',
      'p99',
    ],
    rows: measured.map((one) => {
      const of = (value: (stream: Stream) => number) =>
        figure(middle(one, ({ confirmed }) => confirmed, value) ?? Number.NaN);
      return [
        one.system.name,
        one.system.confirmedBy,
        of(({ sentRate }) => sentRate / 1e3),
        of(({ publisherCpu }) => publisherCpu * 1e9),
        of(({ brokerCpu }) => brokerCpu * 1e9),
        one.rounds.reduce((sum, { confirmed }) => sum + confirmed.lost, 0).toLocaleString('en-US'),
        one.system.hasRequests ? 'its own' : 'by hand',
        micros(latency(one, 0.5)),
        micros(latency(one, 0.99)),
      ];
    }),
  };
}

/** What was asked of this client, and whether it was reached. */
function goals(measured: readonly Measured[]): string[] {
  const own = measured.find(({ system }) => system.name === OWN);
  const rival = measured.find(({ system }) => system.name === RIVAL);
  if (own === undefined || rival === undefined) return [];
  const verdict = (reached: boolean) => (reached ? 'reached' : 'missed');
  const rates = (['callback', 'iteration'] as const).map((way) => {
    const times = (rateOf(own, way) ?? 0) / (rateOf(rival, way) ?? Number.NaN);
    return `Goal, ${TIMES} times the messages a second of ${RIVAL} by ${way}: ${verdict(times >= TIMES)} (${figure(times)}x).`;
  });
  const trips = [0.5, 0.99].map((share) => {
    const [mine, theirs] = [latency(own, share), latency(rival, share)];
    const name = `p${share * 100}`;
    return `Goal, ${name} of a request no worse than ${RIVAL}: ${verdict(mine <= theirs)} (${micros(mine)}, ${micros(theirs)}).`;
  });
  return [...rates, ...trips];
}

function faults(measured: readonly Measured[]): string[] {
  return measured.flatMap(({ system, rounds }) => {
    const streams = rounds.flatMap((round) => [...Object.values(round.streams), round.confirmed]);
    const found = streams.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    return found.length === 0 ? [] : [`${system.name}: ${[...new Set(found)].join('; ')}`];
  });
}

function bars(title: string, measured: readonly Measured[], way: Way): BarGroup {
  return {
    title,
    bars: measured.flatMap((one) => {
      const rate = rateOf(one, way);
      if (rate === undefined) return [];
      const text = `${figure(rate / 1e3)} k/s`;
      return [{ label: one.system.name, value: rate, text, own: one.system.name === OWN }];
    }),
  };
}

/** This project's client and broker, and those of another checkout where there is one to compare with. */
function ownSystems(system: System, against: string | undefined): System[] {
  const [name, other] = inBoth(system.name, against);
  if (other === undefined || against === undefined) return [system];
  return [
    { ...system, name: name ?? '' },
    { ...system, name: other, server: `${system.server}@${against}`, checkout: against },
  ];
}

async function run(args: string[]): Promise<void> {
  const { quick, record, values } = benchOptions(args, [
    'clients',
    'payload',
    'seconds',
    'rounds',
    'requests',
    'profile',
    'against',
  ]);
  const against = otherCheckout(values.against);
  const report = new Report('client', { record });
  const wanted = values.clients?.split(',');
  const systems = SYSTEMS.filter(
    ({ name, library, server }) => !wanted || [name, library, server].some((one) => wanted.includes(one)),
  ).flatMap((system) => (system.name === OWN ? ownSystems(system, against) : [system]));
  const rounds = numbers('rounds', values.rounds ?? (quick ? '1' : '5'))[0] ?? 1;
  const effort: Effort = {
    milliseconds: seconds('seconds', values.seconds ?? (quick ? '0.5' : '2')) * 1_000,
    requests: numbers('requests', values.requests ?? (quick ? '1000' : '5000'))[0] ?? 1,
    nodeOptions: values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
  };
  report.text(METHOD);
  const groups: BarGroup[] = [];
  for (const payload of numbers('payload', values.payload ?? '64,1024')) {
    const measured = await measure(systems, payload, rounds, effort, report);
    const size = `${payload.toLocaleString('en-US')} bytes`;
    for (const way of ['callback', 'iteration'] as const) {
      const title = `${size}, messages by ${way}`;
      report.text(`**${title}**; processor time is for each message.`);
      report.table(streamTable(measured, way));
      groups.push(bars(title, measured, way));
    }
    report.text(
      `**${size}, confirmed publishes and requests**; at most ${(512).toLocaleString('en-US')} publishes wait for their confirmation, and one request at a time is asked, after a warm-up of up to 5,000.`,
    );
    report.table(answerTable(measured));
    for (const text of [...faults(measured), ...goals(measured)]) report.text(text);
  }
  report.text(
    'Core NATS confirms no publish; a `flush()` behind each is shown in its place. "By hand": the client has no requests, and the bench agrees on a topic for replies.',
  );
  report.chart('client', 'Messages a second from a publisher to a subscriber', groups);
  await report.save();
}

export const bench: Bench = {
  name: 'client',
  summary:
    "this project's client beside nats.js, ioredis and mqtt.js: messages, confirmed publishes, requests",
  options: [
    '--clients leveret,nats.js,ioredis,mosquitto,aedes   --payload 64,1024   --seconds 2   --rounds 5',
    '--requests 5000   --profile FOLDER: processor profiles of the client processes',
    '--against DIR: in turn with leveret the broker and client of another checkout',
  ],
  run,
};
