import { setTimeout } from 'node:timers/promises';
import { type Bench, benchOptions, numbers } from './bench-module.ts';
import { create, publish, subscribe } from './load/leveret.ts';
import { openProbe, type Probe } from './load/probe.ts';
import { ProcessWatch } from './process-metrics.ts';
import { Report } from './report.ts';
import { type BenchServer, serverKind, withServer } from './servers.ts';
import { figure, median, ratio } from './table.ts';

const PAYLOAD = Buffer.alloc(64, 'x');
/** What a message takes in a log: u16 key size, u32 payload size, payload. */
const RECORD_BYTES = 6 + PAYLOAD.length;
const TOPIC_COUNTS = [1, 1000, 10_000];
const RETAINED_COUNTS = [1000, 1_000_000];
/** Publishes between two looks at the answer. */
const PASS = 10_000;
const EMPTY_TOPIC_GOAL = 1024;

interface Effort {
  readonly server: string;
  readonly rounds: number;
  readonly publishes: number;
}

const topicName = (index: number) => `t-${`${index}`.padStart(6, '0')}`;

/** Processor time of the broker for each of `count` publishes that `work` does, in nanoseconds. */
async function cost(server: BenchServer, count: number, work: () => Promise<void>): Promise<number> {
  const watch = new ProcessWatch(server.pid);
  await work();
  return (watch.stop().cpuSeconds / count) * 1e9;
}

/** Nothing may be lost: a broker that drops is not cheaper. */
async function allReceived(reader: Probe, published: number): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (reader.received < published && performance.now() < deadline) await setTimeout(10);
  if (reader.received !== published) {
    throw new Error(`${published} messages were published, the subscriber got ${reader.received}`);
  }
}

/** Each publish goes to another topic than the one before it; with or without one subscriber that has them all. */
function costOfTopics(effort: Effort, topics: number, subscribed: boolean): Promise<number> {
  return withServer(serverKind(effort.server), async (server) => {
    const names = Array.from({ length: topics }, (_, index) => topicName(index));
    const reader = subscribed
      ? await openProbe(server, Buffer.concat(names.map((name) => subscribe(name))))
      : undefined;
    const writer = await openProbe(server);
    const frames = Buffer.concat(
      Array.from({ length: PASS }, (_, index) => publish(names[index % topics] ?? '', PAYLOAD)),
    );
    await writer.publish(frames, 20);
    const passes = Math.ceil(effort.publishes / PASS);
    const nanoseconds = await cost(server, passes * PASS, () => writer.publish(frames, passes));
    if (reader) await allReceived(reader, (20 + passes) * PASS);
    writer.close();
    reader?.close();
    return nanoseconds;
  });
}

/** Bytes of memory, after a collection, for each of 50,000 topics: created and empty, or used once and empty again. */
function bytesOfEmptyTopic(effort: Effort, used: boolean): Promise<number> {
  return withServer(serverKind(effort.server), async (server) => {
    const count = 50_000;
    const names = Array.from({ length: count + PASS }, (_, index) => topicName(index));
    const frames = (list: readonly string[]) =>
      Buffer.concat(list.map((name) => (used ? publish(name, PAYLOAD) : create(name, 0))));
    const probe = await openProbe(server);
    // The first ones warm up what is not per topic: compiled code, tables, the connection.
    await probe.publish(frames(names.slice(0, PASS)), 1);
    const held = async () => {
      const { heapUsed, external } = await server.memory();
      return heapUsed + external;
    };
    const before = await held();
    for (let from = PASS; from < names.length; from += PASS) {
      await probe.publish(frames(names.slice(from, from + PASS)), 1);
    }
    const bytes = ((await held()) - before) / count;
    probe.close();
    return bytes;
  });
}

/** A topic that is full: it holds so many messages, and each publish makes it drop old ones. */
function costOfRetained(effort: Effort, retained: number): Promise<{ nanoseconds: number; held: number }> {
  return withServer(
    serverKind(effort.server),
    async (server) => {
      const probe = await openProbe(server, create('kept', 3_600_000));
      const frames = Buffer.concat(Array.from({ length: PASS }, () => publish('kept', PAYLOAD)));
      const fill = Math.max(20, Math.ceil((retained * 1.1) / PASS));
      await probe.publish(frames, fill);
      const passes = Math.ceil(effort.publishes / PASS);
      const nanoseconds = await cost(server, passes * PASS, () => probe.publish(frames, passes));
      const held = (fill + passes) * PASS - (await probe.firstRetainedId('kept')) + 1;
      probe.close();
      return { nanoseconds, held };
    },
    { maxRetainedBytes: retained * RECORD_BYTES },
  );
}

async function middleOf(rounds: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) values.push(await measure());
  return median(values);
}

async function run(args: string[]): Promise<void> {
  const { quick, record, values } = benchOptions(args, ['server', 'rounds']);
  const effort: Effort = {
    server: values.server ?? 'chapter-6',
    rounds: numbers('rounds', values.rounds ?? (quick ? '1' : '3'))[0] ?? 1,
    publishes: quick ? 300_000 : 2_000_000,
  };
  const report = new Report('growth', { record });
  const { rounds } = effort;

  report.text(
    `Processor time of ${effort.server} for each publish of 64 bytes, in nanoseconds; each publish goes to another topic than ` +
      'the one before it.',
  );
  const rows: string[][] = [];
  let first: readonly [number, number] | undefined;
  for (const topics of TOPIC_COUNTS) {
    const alone = await middleOf(rounds, () => costOfTopics(effort, topics, false));
    const heard = await middleOf(rounds, () => costOfTopics(effort, topics, true));
    first ??= [alone, heard];
    rows.push([
      topics.toLocaleString('en-US'),
      figure(alone),
      ratio(alone, first[0]),
      figure(heard),
      ratio(heard, first[1]),
    ]);
  }
  report.table({
    columns: ['topics', 'no subscriber', 'to 1 topic', 'one subscriber of all', 'to 1 topic'],
    rows,
  });

  const created = await bytesOfEmptyTopic(effort, false);
  const used = await bytesOfEmptyTopic(effort, true);
  report.text(
    'Memory of a topic that holds nothing, in bytes (heap and buffers after a collection, over 50,000 topics):',
  );
  report.table({
    columns: ['topic', 'bytes'],
    rows: [
      ['created, never used', figure(created)],
      ['published to once, nothing retained', figure(used)],
    ],
  });
  const small = Math.max(created, used) < EMPTY_TOPIC_GOAL ? 'reached' : 'MISSED';
  report.text(`Goal, under 1 KB: ${small}.`);

  report.text(
    'Publishing to a topic that is full, so that each publish drops an old message: nanoseconds of processor time.',
  );
  const full: { held: number; nanoseconds: number }[] = [];
  for (const retained of RETAINED_COUNTS) {
    let held = 0;
    const nanoseconds = await middleOf(rounds, async () => {
      const result = await costOfRetained(effort, retained);
      held = result.held;
      return result.nanoseconds;
    });
    full.push({ held, nanoseconds });
  }
  report.table({
    columns: ['room for', 'held at the end', 'ns a publish', 'to the first'],
    rows: full.map(({ held, nanoseconds }, index) => [
      `${(RETAINED_COUNTS[index] ?? 0).toLocaleString('en-US')} messages`,
      held.toLocaleString('en-US'),
      figure(nanoseconds),
      ratio(nanoseconds, full[0]?.nanoseconds),
    ]),
  });
  await report.save();
}

export const bench: Bench = {
  name: 'growth',
  summary: 'cost of a publish with many topics and with many retained messages; memory of an empty topic',
  options: ['--server chapter-6   --rounds 3'],
  run,
};
