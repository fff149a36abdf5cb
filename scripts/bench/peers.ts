/** Chapter 7's peers: the benchmarks of the seed, a larger one, and what a pool is good for. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type Bench, benchOptions } from './bench-module.ts';
import { forkScript, otherCheckout } from './checkout.ts';
import type { PeersResult, PeersTask } from './peers-process.ts';
import { Report } from './report.ts';
import { SlowLink } from './slow-link.ts';
import { figure, median, ratio } from './table.ts';

const PROCESS = 'peers-process.ts';
const SIZE = 64;
/** Bytes a second of the link in the second part. */
const LINK_RATE = 50_000_000;
/** What the seed's text gives for 1,024 messages, in either way: 1.00 to 1.01 s. */
const SEED_RATE = 1_024 / 1.005;

/** A sender and a receiver, each a process. */
class Pair implements AsyncDisposable {
  readonly #sender: ChildProcess;
  readonly #receiver: ChildProcess;
  readonly #link: SlowLink | undefined;

  private constructor(sender: ChildProcess, receiver: ChildProcess, link: SlowLink | undefined) {
    this.#sender = sender;
    this.#receiver = receiver;
    this.#link = link;
  }

  /**
   * @param linkRate - bytes a second of a {@link SlowLink} between them; without it they are connected directly
   * @param checkout - another checkout that both come from
   */
  static async start(
    system: string,
    poolSize: number,
    { linkRate, checkout }: { linkRate?: number; checkout?: string | undefined } = {},
  ): Promise<Pair> {
    const receiver = forkScript(PROCESS, ['receiver', system], {}, checkout);
    const [{ address }] = (await once(receiver, 'message')) as [{ address: string }];
    const port = Number(address.split(':').at(-1));
    const link = linkRate === undefined ? undefined : await SlowLink.start(port, linkRate);
    const args = ['sender', system, link?.address ?? address, String(poolSize)];
    const sender = forkScript(PROCESS, args, {}, checkout);
    await once(sender, 'message');
    return new Pair(sender, receiver, link);
  }

  /** Gives both their tasks, and waits until both are done. */
  async run(sending: PeersTask, receiving: PeersTask): Promise<{ sent: PeersResult; received: PeersResult }> {
    const results = Promise.all([once(this.#sender, 'message'), once(this.#receiver, 'message')]);
    this.#receiver.send(receiving);
    this.#sender.send(sending);
    const [[sent], [received]] = (await results) as [[PeersResult], [PeersResult]];
    return { sent, received };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [this.#sender, this.#receiver]) {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    }
    await this.#link?.[Symbol.asyncDispose]();
  }
}

interface Case {
  readonly title: string;
  readonly messages: number;
  readonly parallel: boolean;
}

interface Measured {
  readonly rate: number;
  readonly cpu: number;
}

/** Messages of either system until its code is as fast as it gets: V8 compiles ours while it runs. */
const WARM_UP = 50_000;

/** The first round on a new pair of processes, and the median of several after a warm-up. */
async function measure(
  pair: Pair,
  { messages, parallel }: Case,
  rounds: number,
): Promise<{ first: Measured; warm: Measured }> {
  const found: Measured[] = [];
  const warmUp = Math.ceil(WARM_UP / messages);
  for (let round = 0; round < warmUp + rounds; round++) {
    const { sent, received } = await pair.run(
      { do: 'send', messages, size: SIZE, parallel },
      { do: 'count', messages },
    );
    // From the first send to the last arrival.
    const rate = messages / ((received.ended - sent.began) / 1_000);
    found.push({ rate, cpu: ((sent.cpu + received.cpu) * 1_000) / messages });
  }
  const [first = { rate: Number.NaN, cpu: Number.NaN }] = found;
  const counted = found.slice(warmUp);
  const warm = {
    rate: median(counted.map(({ rate }) => rate)),
    cpu: median(counted.map(({ cpu }) => cpu)),
  };
  return { first, warm };
}

async function hasZeromq(): Promise<boolean> {
  return import('zeromq').then(
    () => true,
    () => false,
  );
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Who runs beside this checkout's peers: those of another checkout, else zeromq where it is there. */
async function startRival(zeromq: boolean, checkout: string | undefined): Promise<Pair | undefined> {
  if (checkout !== undefined) return Pair.start('leveret', 4, { checkout });
  return zeromq ? Pair.start('zeromq', 1) : undefined;
}

async function run(args: string[]): Promise<void> {
  const { quick, record, values } = benchOptions(args, ['against']);
  const checkout = otherCheckout(values.against);
  const rounds = quick ? 3 : 15;
  const report = new Report('peers', { record });
  const zeromq = checkout === undefined && (await hasZeromq());
  const rival = checkout === undefined ? 'zeromq' : `leveret@${checkout}`;
  const cases: Case[] = [
    { title: '1,024 in sequence', messages: 1_024, parallel: false },
    { title: '1,024 in parallel', messages: 1_024, parallel: true },
    { title: '100,000 in sequence', messages: 100_000, parallel: false },
    { title: '100,000 in parallel', messages: 100_000, parallel: true },
  ];

  report.text(
    `One peer sends ${SIZE}-byte messages to another, each in its own process, over a connection that is open. From the first send to the last arrival; the median of ${rounds} rounds (a third as many of the large ones) after a warm-up of ${figure(WARM_UP)} messages. "In sequence" awaits each send before the next. zeromq (PUSH to PULL over TCP, its defaults) allows one send at a time, so both of its rows are that loop. The rows "first time" are new processes whose JavaScript is not compiled yet; zeromq's machine code needs no warming. The seed gives 1.0 s for 1,024, sequential or parallel, on another machine: about ${figure(SEED_RATE)} a second.`,
  );
  if (!zeromq && checkout === undefined)
    report.text('zeromq is skipped: the npm package is not installed (npm ci installs it).');

  const rows: { title: string; own: Measured; other: Measured | undefined }[] = [];
  for (const one of cases) {
    const times = one.messages > 10_000 ? Math.ceil(rounds / 3) : rounds;
    report.progress(`${one.title} ...`);
    await using own = await Pair.start('leveret', 4);
    const mine = await measure(own, one, times);
    await using theirs = await startRival(zeromq, checkout);
    const other = theirs === undefined ? undefined : await measure(theirs, one, times);
    if (one.messages < WARM_UP) {
      rows.push({ title: `${one.title}, first time`, own: mine.first, other: other?.first });
    }
    rows.push({ title: one.title, own: mine.warm, other: other?.warm });
  }
  report.table({
    columns: [
      'messages',
      'leveret msg/s',
      `${rival} msg/s`,
      'ratio',
      'leveret CPU us/msg',
      `${rival} CPU us/msg`,
    ],
    rows: rows.map(({ title, own, other }) => [
      title,
      figure(own.rate),
      other === undefined ? '-' : figure(other.rate),
      ratio(own.rate, other?.rate),
      figure(own.cpu),
      other === undefined ? '-' : figure(other.cpu),
    ]),
  });
  report.chart(
    'peers',
    'Messages a second from one peer to another, 64 bytes',
    rows.map(({ title, own, other }) => ({
      title,
      bars: [
        { label: 'leveret', value: own.rate, text: figure(own.rate), own: true },
        ...(other === undefined ? [] : [{ label: rival, value: other.rate, text: figure(other.rate) }]),
      ],
    })),
  );

  const small = quick ? 100 : 400;
  report.text(
    `What a pool is for: a ${SIZE}-byte datagram every millisecond, while a datagram of 4 MB is always under way to the same address, over a link of 50 MB a second (a proxy in the bench, which shares it evenly among connections). Milliseconds from the send of a small datagram to its arrival, ${figure(small)} of them.`,
  );
  const table: string[][] = [];
  for (const [title, poolSize, bulk] of [
    ['pool of 1, no large ones', 1, 0],
    ['pool of 1', 1, 4_000_000],
    ['pool of 4', 4, 4_000_000],
  ] as const) {
    await using pair = await Pair.start('leveret', poolSize, { linkRate: LINK_RATE });
    await pair.run({ do: 'mix', small: 50, bulk }, { do: 'latencies', small: 50 });
    const { received } = await pair.run({ do: 'mix', small, bulk }, { do: 'latencies', small });
    const latencies = received.latencies ?? [];
    table.push([title, ...[0.5, 0.9, 0.99].map((share) => figure(percentile(latencies, share)))]);
  }
  report.table({ columns: ['connections', 'p50 ms', 'p90 ms', 'p99 ms'], rows: table });
  await report.save();
}

export const bench: Bench = {
  name: 'peers',
  summary: "chapter 7's peers beside zeromq: messages a second, and what a pool is for",
  options: ['--against DIR: beside the peers of another checkout, not zeromq'],
  run,
};
