import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import process from 'node:process';
import { FrameReader } from '#framing';
import { type BrokerFrame, brokerCodec, type ClientFrame, clientCodec } from '#protocol';
import { type Bench, benchOptions, numbers } from './bench-module.ts';
import { residentBytes } from './process-metrics.ts';
import { Report } from './report.ts';

const MiB = 1_048_576;
const PAYLOAD = Buffer.alloc(8_192, 'x');
/** Requests that are under way at a time. */
const PIPELINE = 8;
const MAIN = new URL('../../final/cli/main.ts', import.meta.url).pathname;

/** A client that looks at every frame, unless it is told to read nothing. */
class Client {
  onFrame: (frame: BrokerFrame) => void = () => {};
  readonly socket: net.Socket;

  constructor(port: number) {
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    const reader = new FrameReader(
      (type, bytes, start, end) => this.onFrame(brokerCodec.decode(type, bytes, start, end)),
      { limit: 2 * MiB },
    );
    this.socket.on('data', (chunk) => reader.push(chunk));
    // One that is too slow is cut off: that is what some of the ways below ask for.
    this.socket.on('error', () => {});
    this.send({ type: 'HELLO', version: 1, name: 'bounds', token: '' });
  }

  send(frame: ClientFrame): boolean {
    return this.socket.write(clientCodec.encode(frame));
  }
}

/** A way to make a broker hold memory. */
interface Way {
  readonly name: string;
  readonly topics: number;
  readonly create?: { readonly retentionMs: number; readonly dedupeMs: number };
  readonly keyed?: boolean;
  /** Clients that hold something, beside the one that publishes. */
  hold?(connect: () => Client, topics: readonly string[]): void;
}

const plain = { request: 0, start: 1, after: 0, group: '' } as const;
const HOUR = 3_600_000;

const WAYS: readonly Way[] = [
  { name: '50 topics with retention', topics: 50, create: { retentionMs: HOUR, dedupeMs: 0 } },
  {
    name: 'a group member that never commits',
    topics: 1,
    hold(connect, [topic = '']) {
      for (let i = 0; i < 2; i++) {
        const client = connect();
        client.send({ ...plain, type: 'SUBSCRIBE', topic, window: i === 0 ? 1 : 0, group: 'g' });
      }
    },
  },
  {
    name: 'window 1, one pattern, 100 topics',
    topics: 100,
    hold: (connect) => void connect().send({ ...plain, type: 'SUBSCRIBE', topic: 'b.>', window: 1 }),
  },
  {
    name: 'keys of 128 bytes, 50 topics',
    topics: 50,
    create: { retentionMs: 0, dedupeMs: HOUR },
    keyed: true,
  },
  {
    name: '16 inboxes that are not read',
    topics: 16,
    hold(connect, topics) {
      const client = connect();
      for (const topic of topics) client.send({ ...plain, type: 'SUBSCRIBE', topic, window: 1 });
    },
  },
  {
    name: '50 connections that read nothing',
    topics: 50,
    hold(connect, topics) {
      for (const topic of topics) {
        const client = connect();
        client.send({ ...plain, type: 'SUBSCRIBE', topic, window: 0 });
        client.socket.pause();
      }
    },
  },
];

/** Publishes so many bytes to the topics in turn, and resolves when all of them are confirmed. */
function publish(client: Client, topics: readonly string[], keyed: boolean, bytes: number): Promise<void> {
  let sent = 0;
  let open = 0;
  let number = 0;
  return new Promise((resolve, reject) => {
    const more = (): void => {
      while (open < PIPELINE && sent < bytes) {
        const records = Array.from({ length: keyed ? 256 : 32 }, () => {
          number++;
          return keyed
            ? { key: `${number}`.padEnd(128, '.'), payload: Buffer.alloc(0) }
            : { key: '', payload: PAYLOAD };
        });
        const topic = topics[((sent / MiB) % topics.length) | 0] ?? '';
        client.send({ type: 'PUBLISH', request: 1, topic, records });
        sent += records.length * (keyed ? 128 : PAYLOAD.length);
        open++;
      }
      if (open === 0) resolve();
    };
    client.socket.once('close', () => reject(new Error('the publisher was disconnected')));
    client.onFrame = (frame) => {
      if (frame.type !== 'PUBLISHED' && frame.type !== 'ERROR') return;
      open--;
      more();
    };
    more();
  });
}

/** Asks for a PONG every few milliseconds, and notes how long each took. */
function watch(client: Client, pid: number): () => { p99: number; most: number } {
  const times: number[] = [];
  let most = 0;
  let began = 0;
  client.onFrame = (frame) => {
    if (frame.type === 'PONG') times.push(performance.now() - began);
  };
  const timer = setInterval(() => {
    began = performance.now();
    client.send({ type: 'PING', bytes: Buffer.alloc(0) });
    most = Math.max(most, residentBytes(pid));
  }, 20);
  return () => {
    clearInterval(timer);
    times.sort((a, b) => a - b);
    return { p99: times[Math.floor(times.length * 0.99)] ?? 0, most };
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function measure(way: Way, bound: number, bytes: number): Promise<{ p99: number; most: number }> {
  const port = await freePort();
  const flags = [
    'serve',
    '--port',
    `${port}`,
    '--log-level',
    'error',
    '--set',
    `maxTotalRetainedBytes=${bound}`,
  ];
  const broker = spawn(process.execPath, ['--import', 'tsx', MAIN, ...flags], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const clients: Client[] = [];
  const connect = (): Client => {
    const client = new Client(port);
    clients.push(client);
    return client;
  };
  try {
    for (;;) {
      const probe = net.connect({ port, host: '127.0.0.1' });
      const isOpen = await once(probe, 'connect').then(
        () => true,
        () => false,
      );
      probe.destroy();
      if (isOpen) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const prefix = way.name.includes('inbox') ? '_inbox.' : 'b.';
    const topics = Array.from({ length: way.topics }, (_, i) => `${prefix}${i}`);
    const publisher = connect();
    for (const topic of topics) {
      if (way.create !== undefined) publisher.send({ type: 'CREATE', request: 0, topic, ...way.create });
    }
    way.hold?.(connect, topics);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const stop = watch(connect(), broker.pid ?? 0);
    await publish(publisher, topics, way.keyed === true, bytes);
    return stop();
  } finally {
    for (const { socket } of clients) socket.destroy();
    broker.kill('SIGKILL');
  }
}

async function run(args: string[]): Promise<void> {
  const { quick, record, values } = benchOptions(args, ['bound', 'bytes', 'way']);
  const report = new Report('bounds', { record });
  const bound = (numbers('bound', values.bound ?? '256')[0] ?? 256) * MiB;
  const bytes = (numbers('bytes', values.bytes ?? (quick ? '500' : '2000'))[0] ?? 0) * MiB;
  report.text(
    `${Math.round(bytes / MiB).toLocaleString('en-US')} MiB are published to a broker that may hold ${bound / MiB} MiB, by each way in which ` +
      'clients may make it hold more. Resident memory of its process, and how long a bystander waits for a PONG.',
  );
  const rows: string[][] = [];
  for (const way of WAYS.filter(({ name }) => name.includes(values.way ?? ''))) {
    const { p99, most } = await measure(way, bound, way.keyed ? bytes / 4 : bytes);
    rows.push([way.name, `${Math.round(most / MiB)}`, `${p99.toFixed(1)}`]);
  }
  report.table({ columns: ['way', 'most resident, MiB', 'p99 of PING, ms'], rows });
  await report.save();
}

/** What a broker holds at most, by each way. */
export const bench: Bench = {
  name: 'bounds',
  summary: 'resident memory when clients make the broker hold more than it may',
  options: [
    '--bound 256      MiB that it may hold',
    '--bytes 2000     MiB that are published',
    '--way retention  only these',
  ],
  run,
};
