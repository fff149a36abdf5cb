/** What chapter 2's queue, dedupe and subscriber cost, each beside the obvious way to do it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DedupeWindow, Queue, Subscriber, TopicRegistry } from '#topics';
import { type Bench, benchOptions } from './bench-module.ts';
import { Report } from './report.ts';
import { figure, median, ratio } from './table.ts';

/** The median processor time of several runs, in nanoseconds for each of `units`. */
function nanoseconds(rounds: number, units: number, work: () => void): number {
  work();
  const times = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return (median(times) * 1e3) / units;
}

/** Do it so many times: processor time is told in steps too coarse for a short run. */
function again(times: number, work: () => void): void {
  for (let i = 0; i < times; i += 1) work();
}

/** Fill a queue with numbers, then empty it. */
function emptyQueue(
  length: number,
  queue: { push(item: number): unknown; shift(): number | undefined },
): void {
  for (let i = 0; i < length; i += 1) queue.push(i);
  for (let i = 0; i < length; i += 1) {
    if (queue.shift() !== i) throw new Error('the queue gave the wrong item');
  }
}

/** Ask for new keys, one a millisecond, with a window that holds `held` of them. */
function askForKeys(held: number, asks: number): void {
  const keys = new DedupeWindow(held, 1_000_000);
  for (let time = 0; time < asks; time += 1) {
    if (!keys.admit(String(time), time)) throw new Error('a new key counted as a repeat');
  }
}

/** Publish to so many subscribers, who take what waits after every hundred messages. */
function deliver(subscribers: number, messages: number, retentionMs: number): void {
  const registry = new TopicRegistry();
  registry.create('hares', { retentionMs, dedupeMs: 0 });
  const topic = registry.use('hares');
  const readers = Array.from({ length: subscribers }, () => new Subscriber());
  for (const reader of readers) reader.subscribe(topic);
  const payload = Buffer.alloc(64);
  let taken = 0;
  for (let sent = 1; sent <= messages; sent += 1) {
    const message = topic.append('', payload);
    if (message === undefined) throw new Error('a message without a key counted as a repeat');
    for (const reader of readers) reader.offer(message);
    if (sent % 100 !== 0) continue;
    for (const reader of readers) taken += takeAll(reader);
  }
  if (taken !== messages * subscribers) throw new Error(`${taken} messages were taken`);
}

/** Takes all that waits, a buffer as long as it has something: as a broker does that fills frames. */
function takeAll(reader: Subscriber): number {
  let taken = 0;
  for (let buffer = reader.nextReady(); buffer !== undefined; buffer = reader.nextReady()) {
    while (buffer.next() !== undefined) taken += 1;
  }
  return taken;
}

/** Heap bytes that one queued message of 1 KiB costs in each of 100 subscribers. */
function bytesPerReference(messages: number): number {
  const topic = new TopicRegistry().use('hares');
  const readers = Array.from({ length: 100 }, () => new Subscriber());
  for (const reader of readers) reader.subscribe(topic);
  const made = Array.from({ length: messages }, () => topic.append('', Buffer.alloc(1_024)));
  // The command starts without it, and garbage would be counted.
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const heapUsed = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  // Only the heap: buffers of the runs before leave the memory outside of it whenever the collector comes to them.
  const before = heapUsed();
  for (const message of made) {
    if (message !== undefined) for (const reader of readers) reader.offer(message);
  }
  const after = heapUsed();
  if (readers.some(({ lag }) => lag !== messages)) throw new Error('a message is missing');
  return (after - before) / messages / readers.length;
}

async function run(args: string[]): Promise<void> {
  const { quick, record } = benchOptions(args);
  const rounds = quick ? 1 : 3;
  const report = new Report('buffer', { record });

  report.text('Filling a queue and emptying it again: processor nanoseconds for each item.');
  const lengths = quick ? [1_000, 100_000] : [1_000, 10_000, 100_000, 200_000];
  report.table({
    columns: ['items', 'Array.shift', 'Queue', 'ratio'],
    rows: lengths.map((length) => {
      const repeats = Math.max(1, 100_000 / length);
      const array = nanoseconds(rounds, length * repeats, () => again(repeats, () => emptyQueue(length, [])));
      const queue = nanoseconds(rounds, length * repeats, () =>
        again(repeats, () => emptyQueue(length, new Queue<number>())),
      );
      return [length.toLocaleString('en-US'), figure(array), figure(queue), ratio(array, queue)];
    }),
  });

  report.text('Dedupe: processor nanoseconds for each new key, by how many keys the window holds.');
  const asks = quick ? 200_000 : 500_000;
  report.table({
    columns: ['keys in the window', 'ns a key'],
    rows: [100, 10_000, 100_000].map((held) => [
      held.toLocaleString('en-US'),
      figure(nanoseconds(rounds, asks, () => askForKeys(held, asks))),
    ]),
  });

  report.text(
    'Publish, queue and take, 64-byte messages, in memory: million deliveries in a second of processor time.',
  );
  const deliveries = quick ? 500_000 : 1_000_000;
  const rate = (subscribers: number, retentionMs: number) =>
    figure(
      1_000 /
        nanoseconds(rounds, deliveries, () => deliver(subscribers, deliveries / subscribers, retentionMs)),
    );
  report.table({
    columns: ['subscribers', 'no retention', 'retention of a minute'],
    rows: [1, 10, 100].map((subscribers) => [
      String(subscribers),
      rate(subscribers, 0),
      rate(subscribers, 60_000),
    ]),
  });

  const messages = quick ? 1_000 : 10_000;
  report.text(
    `${messages.toLocaleString('en-US')} messages of 1 KiB waiting for each of 100 subscribers cost ${figure(bytesPerReference(messages))} bytes a message and subscriber: a reference, not a copy.`,
  );
  await report.save();
}

export const bench: Bench = {
  name: 'buffer',
  summary: "chapter 2's queue, dedupe and subscriber in memory, beside the obvious ways",
  run,
};
