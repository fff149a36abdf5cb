/**
 * What the author of the seed zaichik found out, measured: on one channel for everything, most of what a
 * receiver reads is not for it.
 */
import process from 'node:process';
import { BroadcastChannel, Lagged, type Receiver } from '#broadcast';
import { type Bench, benchOptions, numbers } from './bench-module.ts';
import { Report } from './report.ts';
import { figure, median, type Table } from './table.ts';

interface Message {
  readonly topic: string;
  /** A receiver's confirmation, on its way to the broker. */
  readonly commit: boolean;
}

interface Load {
  readonly receivers: number;
  readonly topics: number;
  readonly messages: number;
  readonly perTurn: number;
  /** Receivers confirm each message through the same channel, as in zaichik. */
  readonly commits: boolean;
}

/** What one run counted. */
interface Counts {
  reads: number;
  wanted: number;
  wakes: number;
  wantedWakes: number;
  /** Processor time, user and system, in microseconds. */
  micros: number;
}

const CAPACITY = 16_384;

/** The end of the turn, after the receivers were woken. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Receiver number `index` reads everything from `channel` and looks for its one topic. */
function listen(
  channel: BroadcastChannel<Message>,
  confirmations: BroadcastChannel<Message> | undefined,
  index: number,
  load: Load,
  counts: Counts,
): Receiver<Message> {
  const mine = new Set([`topic-${index % load.topics}`]);
  const confirmation: Message = { topic: 'confirmation', commit: true };
  const receiver: Receiver<Message> = channel.subscribe(() => {
    let found = 0;
    for (let received = receiver.tryReceive(); received !== undefined; received = receiver.tryReceive()) {
      if (received instanceof Lagged)
        throw new Error(`a receiver lagged by ${received.missed}: use a smaller --per-turn`);
      counts.reads += 1;
      if (mine.has(received.topic)) found += 1;
    }
    counts.wakes += 1;
    if (found === 0) return;
    counts.wanted += found;
    counts.wantedWakes += 1;
    for (let n = 0; confirmations !== undefined && n < found; n += 1) confirmations.publish(confirmation);
  });
  return receiver;
}

/** The broker: reads the confirmations among whatever else comes. */
function hearConfirmations(channel: BroadcastChannel<Message>): { heard: number } {
  const broker = { heard: 0 };
  const receiver: Receiver<Message> = channel.subscribe(() => {
    for (let received = receiver.tryReceive(); received !== undefined; received = receiver.tryReceive()) {
      if (!(received instanceof Lagged) && received.commit) broker.heard += 1;
    }
  });
  return broker;
}

/** Publishes the load: to one channel for everything, or to a channel for each topic and one for confirmations. */
async function measure(load: Load, shared: boolean): Promise<Counts> {
  const counts: Counts = { reads: 0, wanted: 0, wakes: 0, wantedWakes: 0, micros: 0 };
  const channels = Array.from(
    { length: shared ? 1 : load.topics },
    () => new BroadcastChannel<Message>(CAPACITY),
  );
  const channelOf = (topic: number) => {
    const channel = channels[topic % channels.length];
    if (channel === undefined) throw new RangeError(`no channel for topic ${topic}`);
    return channel;
  };
  const confirmations = shared ? channelOf(0) : new BroadcastChannel<Message>(CAPACITY);
  const receivers: Receiver<Message>[] = [];
  for (let index = 0; index < load.receivers; index += 1) {
    const confirmTo = load.commits ? confirmations : undefined;
    receivers.push(listen(channelOf(index % load.topics), confirmTo, index, load, counts));
  }
  const broker = load.commits ? hearConfirmations(confirmations) : undefined;
  const names = Array.from({ length: load.topics }, (_, topic) => `topic-${topic}`);
  await turn();
  const before = process.cpuUsage();
  for (let sent = 0; sent < load.messages; ) {
    for (let n = 0; n < load.perTurn && sent < load.messages; n += 1, sent += 1) {
      const topic = sent % load.topics;
      channelOf(topic).publish({ topic: names[topic] ?? '', commit: false });
    }
    await turn();
  }
  // The last confirmations.
  await turn();
  const { user, system } = process.cpuUsage(before);
  counts.micros = user + system;
  for (const receiver of receivers) receiver.close();
  const expected = (load.messages * load.receivers) / load.topics;
  if (counts.wanted !== expected) throw new Error(`${counts.wanted} messages arrived, not ${expected}`);
  if (broker !== undefined && broker.heard !== expected)
    throw new Error(`${broker.heard} confirmations arrived`);
  return counts;
}

async function middle(rounds: number, load: Load, shared: boolean): Promise<Counts> {
  const runs: Counts[] = [];
  for (let round = 0; round < rounds; round += 1) runs.push(await measure(load, shared));
  const micros = median(runs.map((run) => run.micros));
  const run = runs.find((one) => one.micros === micros);
  if (run === undefined) throw new Error('no round was run');
  return run;
}

const percent = (part: number, whole: number) =>
  `${((100 * part) / whole).toFixed(part === whole ? 0 : 1)} %`;

async function run(args: string[]): Promise<void> {
  const { quick, record, values } = benchOptions(args, ['receivers', 'topics', 'per-turn', 'rounds']);
  const one = (option: 'receivers' | 'per-turn' | 'rounds', text: string) =>
    numbers(option, values[option] ?? text)[0] ?? 1;
  const receivers = one('receivers', '100');
  const rounds = one('rounds', quick ? '1' : '5');
  const turns = values['per-turn'] === undefined ? [1, 64] : numbers('per-turn', values['per-turn']);
  const report = new Report('broadcast', { record });
  report.text(
    `One BroadcastChannel for everything, and ${receivers} receivers that want one topic each. Then the same messages ` +
      'through a channel for each topic. In memory, without sockets; processor time, ' +
      `the middle of ${rounds} rounds; nothing is lost.`,
  );
  const table: { columns: string[]; rows: string[][] } = {
    columns: [
      'topics',
      'per turn',
      'commits',
      'reads wanted',
      'wakes wanted',
      'ns shared',
      'ns apart',
      'noise',
    ],
    rows: [],
  };
  // Warm up: the first run pays for compiling.
  const warm = { receivers, topics: 10, messages: 10_000, perTurn: 64, commits: true };
  for (const shared of [true, false]) await measure(warm, shared);
  for (const commits of [false, true]) {
    for (const perTurn of turns) {
      for (const topics of numbers('topics', values.topics ?? '1,10,100').filter((t) => t <= receivers)) {
        const perMessage = receivers * (commits ? 1 + receivers / topics : 1);
        const budget = (quick ? 2e6 : 1e7) / (perTurn === 1 ? 4 : 1);
        // Whole rounds of topics, so that every receiver wants the same number.
        const messages = Math.max(1, Math.round(budget / perMessage / topics)) * topics;
        const load: Load = { receivers, topics, messages, perTurn, commits };
        const shared = await middle(rounds, load, true);
        const own = await middle(rounds, load, false);
        table.rows.push([
          String(topics),
          String(perTurn),
          commits ? 'yes' : 'no',
          percent(shared.wanted, shared.reads),
          percent(shared.wantedWakes, shared.wakes),
          figure((shared.micros * 1000) / shared.wanted),
          figure((own.micros * 1000) / own.wanted),
          percent(Math.max(0, shared.micros - own.micros), shared.micros),
        ]);
      }
    }
  }
  report.table(table satisfies Table);
  report.text(
    [
      'per turn      messages published in one turn of the event loop',
      'commits       receivers confirm each message they wanted, through the same channel (as in zaichik) or one apart',
      "reads wanted  share of all reads that brought a message of the reader's topic",
      'wakes wanted  share of all wakes that brought at least one',
      'ns            processor time per wanted message: all in one shared channel, or apart',
      "noise         share of the shared channel's time that the channels apart do not need",
    ].join('\n'),
  );
  await report.save();
}

export const bench: Bench = {
  name: 'broadcast',
  summary: 'how much of a shared channel is noise to a receiver, and what reading past it costs',
  options: [
    '--receivers 100       how many receivers, each wanting one topic',
    '--topics 1,10,100     how many topics there are; those that divide the receivers',
    '--per-turn 1,64       messages published in one turn of the event loop',
    '--rounds 5            rounds, of which the middle one counts',
  ],
  run,
};
