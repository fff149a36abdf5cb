import type { Command } from 'commander';
import type { Client } from '../client/index.ts';
import { bytes, count, duration, plural } from '../format.ts';
import { size, wholeNumber } from './arguments.ts';
import { addServerFlags, openClient, type ServerFlags } from './connection.ts';
import { addExamples } from './examples.ts';
import { CommandError } from './exit-code.ts';
import { Samples } from './percentiles.ts';
import { Progress } from './progress.ts';
import { onInterrupt, print } from './terminal.ts';

interface BenchFlags extends ServerFlags {
  readonly messages: number;
  readonly size: number;
  readonly publishers: number;
  readonly subscribers: number;
  readonly window: number;
  readonly rate?: number;
  readonly topic?: string;
  readonly json?: boolean;
}

/** What a bench has measured. Rates are per second, times milliseconds. */
export interface BenchResult {
  readonly messages: number;
  readonly size: number;
  readonly publishers: number;
  readonly subscribers: number;
  readonly window: number;
  readonly seconds: number;
  readonly published: number;
  readonly delivered: number;
  readonly latency:
    | { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number }
    | undefined;
  /** Of one core, in this process; the broker's is not in it. */
  readonly cpu: number;
}

/** Adds `leveret bench`. */
export function addBench(program: Command): void {
  const command = program
    .command('bench')
    .summary('measure what the broker does')
    .description(
      'Publish and receive as fast as it goes, and tell rates and latencies. All clients run in this process, on one ' +
        'core; at full speed the latency is mostly time in queues, so give --rate to learn what one message takes.',
    )
    .option('-m, --messages <n>', 'how many to publish in all', wholeNumber(1), 1_000_000)
    .option('-z, --size <bytes>', 'payload of each, 8 or more', size, 64)
    .option('--publishers <n>', 'clients that publish', wholeNumber(1, 1_000), 1)
    .option('--subscribers <n>', 'clients that get every message; 0: only publish', wholeNumber(0, 10_000), 1)
    .option(
      '-w, --window <n>',
      'most messages delivered and not committed; 0: no limit',
      wholeNumber(0, 65_535),
      0,
    )
    .option('-r, --rate <n>', 'publish only so many in a second, of all publishers together', wholeNumber(1))
    .option('--topic <name>', 'publish there instead of a topic of its own')
    .option('-j, --json', 'the figures as a JSON object');
  addServerFlags(command).action(async (flags: BenchFlags) => {
    if (flags.size < 8)
      throw new CommandError('--size: a payload holds the time it was sent, which takes 8 bytes', 2);
    const signal = onInterrupt();
    const run = new BenchRun(flags, signal);
    const result = await run.measure();
    await print(flags.json === true ? `${JSON.stringify(result)}\n` : `${describe(result)}\n`);
  });
  addExamples(command, [
    { says: 'a million messages of 64 bytes', run: 'leveret bench' },
    {
      says: 'fan-out to ten subscribers',
      run: 'leveret bench --subscribers 10 --messages 100000 --size 1KiB',
    },
    { says: 'latency at a rate that is no strain', run: 'leveret bench --messages 2000 --rate 1000' },
  ]);
}

/** Bytes and messages that may be under way: more would only wait at the broker, until a subscriber is too slow. */
const MAX_FLYING_BYTES = 4 * 1_048_576;
const MAX_FLYING = 50_000;

/** How often a publisher with a rate publishes what is due (milliseconds). */
const TICK_MS = 5;

class BenchRun {
  readonly #flags: BenchFlags;
  readonly #signal: AbortSignal;
  readonly #topic: string;
  readonly #samples = new Samples();
  readonly #received: number[];
  #published = 0;
  #finished: (() => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  constructor(flags: BenchFlags, signal: AbortSignal) {
    this.#flags = flags;
    this.#signal = signal;
    this.#topic = flags.topic ?? `bench.${process.pid}.${Date.now().toString(36)}`;
    this.#received = Array.from({ length: flags.subscribers }, () => 0);
  }

  async measure(): Promise<BenchResult> {
    const { messages, publishers, subscribers } = this.#flags;
    const clients: Client[] = [];
    const progress = new Progress('messages', messages, true);
    const open = async (name: string): Promise<Client> => {
      const client = await openClient(this.#flags, { name, reconnect: false, signal: this.#signal });
      clients.push(client);
      return client;
    };
    try {
      for (let index = 0; index < subscribers; index++)
        await this.#subscribe(await open('leveret bench sub'), index);
      const senders: Client[] = [];
      for (let index = 0; index < publishers; index++) senders.push(await open('leveret bench pub'));
      const done = new Promise<void>((resolve, reject) => {
        this.#finished = resolve;
        this.#failed = reject;
      });
      // It may fail while nobody waits for it yet.
      done.catch(() => {});
      this.#signal.addEventListener('abort', () => this.#failed?.(this.#signal.reason), { once: true });
      for (const client of clients) {
        client.closed.then((error) => this.#failed?.(error), this.#failed);
        client.on('error', (error) => this.#failed?.(error));
      }
      const timer = setInterval(() => progress.update(this.#progress()), 100);
      try {
        const cpuBefore = process.cpuUsage();
        const began = performance.now();
        const sending = senders.map((client, index) => this.#publish(client, index, began));
        await Promise.race([Promise.all(sending), done.then(() => Promise.all(sending))]);
        const sent = performance.now() - began;
        if (subscribers > 0) await done;
        const elapsed = performance.now() - began;
        const cpu = process.cpuUsage(cpuBefore);
        return this.#result(sent, elapsed, (cpu.user + cpu.system) / 1000 / elapsed);
      } finally {
        clearInterval(timer);
      }
    } finally {
      progress.end();
      await Promise.all(
        clients.map((client) => client.close({ deadline: this.#signal.aborted ? 0 : 1_000 })),
      );
    }
  }

  async #subscribe(client: Client, index: number): Promise<void> {
    const { messages, window } = this.#flags;
    const commitEvery = Math.max(1, window >> 1);
    const subscription = await client.subscribe(this.#topic, {
      window,
      onMessage: (message) => {
        const { view } = message;
        const sentAt = new DataView(view.buffer, view.byteOffset).getFloat64(0);
        this.#samples.add(performance.now() - sentAt);
        const received = (this.#received[index] ?? 0) + 1;
        this.#received[index] = received;
        if (window > 0 && received % commitEvery === 0) subscription.commit(message);
        if (received === messages && this.#slowest() === messages) this.#finished?.();
      },
      onSkipped: ({ fromId, toId }) =>
        this.#failed?.(new CommandError(`a subscriber has lost messages ${fromId} to ${toId}`)),
    });
  }

  async #publish(client: Client, index: number, began: number): Promise<void> {
    const { messages, publishers, size: length, rate } = this.#flags;
    const share = Math.floor(messages / publishers) + (index < messages % publishers ? 1 : 0);
    const payload = Buffer.alloc(length, 'x');
    const limit = Math.max(100, Math.min(MAX_FLYING, Math.floor(MAX_FLYING_BYTES / length)));
    for (let sent = 0; sent < share; ) {
      this.#signal.throwIfAborted();
      const due =
        rate === undefined ? share : Math.ceil(((performance.now() - began) * rate) / publishers / 1000);
      // The clock is read once for the messages of a turn: reading it costs more than publishing.
      payload.writeDoubleBE(performance.now());
      const until = Math.min(share, due, sent + 256);
      while (sent < until && client.writable) {
        client.publish(this.#topic, payload);
        sent++;
        this.#published++;
      }
      if (isClosed(client)) return;
      if (rate !== undefined && sent >= due) await delay(TICK_MS);
      else if (!client.writable) await client.ready({ signal: this.#signal });
      else await turn();
      while (this.#published - this.#slowest() > limit && !isClosed(client)) await turn();
    }
    await client.flush({ signal: this.#signal });
  }

  /** Messages that the slowest subscriber has. */
  #slowest(): number {
    let least = this.#received[0] ?? this.#published;
    for (const received of this.#received) if (received < least) least = received;
    return least;
  }

  #progress(): number {
    return Math.min(this.#published, this.#slowest());
  }

  #result(sentMs: number, elapsedMs: number, cpu: number): BenchResult {
    const { messages, size: length, publishers, subscribers, window } = this.#flags;
    return {
      messages,
      size: length,
      publishers,
      subscribers,
      window,
      seconds: elapsedMs / 1000,
      published: (messages * 1000) / sentMs,
      delivered: (messages * subscribers * 1000) / elapsedMs,
      latency: subscribers > 0 ? this.#samples.percentiles() : undefined,
      cpu,
    };
  }
}

function isClosed(client: Client): boolean {
  return client.status === 'closed';
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function describe(result: BenchResult): string {
  const {
    messages,
    size: length,
    publishers,
    subscribers,
    published,
    delivered,
    latency,
    cpu,
    seconds,
  } = result;
  const rate = (value: number): string =>
    `${count(value).padStart(12)} msg/s  ${bytes(value * length).padStart(9)}/s`;
  const who = `${plural(publishers, 'publisher')}, ${plural(subscribers, 'subscriber')}`;
  const lines = [
    `${plural(messages, 'message')} of ${bytes(length)}, ${who}: ${duration(seconds * 1000)}`,
    `published  ${rate(published)}`,
  ];
  if (latency !== undefined) {
    const { p50, p90, p99, max } = latency;
    lines.push(
      `delivered  ${rate(delivered)}`,
      `latency    p50 ${duration(p50)}  p90 ${duration(p90)}  p99 ${duration(p99)}  max ${duration(max)}`,
    );
  }
  lines.push(`CPU        ${Math.round(cpu * 100)} % of one core in this process`);
  return lines.join('\n');
}
