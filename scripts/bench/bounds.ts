import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import process from 'node:process';
import { FrameReader } from '#framing';
import { type BrokerFrame, brokerCodec, type ClientFrame, clientCodec, RECORD_HEADER_SIZE } from '#protocol';
import { type Bench, benchOptions, numbers } from './bench-module.ts';
import type { Watched } from './load/bystander.ts';
import { Report } from './report.ts';

const MiB = 1_048_576;
/** Above the bound: code, heap, and memory that is used again. */
const ALLOWANCE = 200 * MiB;
const P99_MS = 50;
const PAYLOAD = Buffer.alloc(8_192, 'x');
const BATCH = 32;
const KEY_BYTES = 128;
const KEYED_BATCH = 256;
/** Digits at the beginning of a key that make it a new one. */
const DIGITS = 10;
/** Requests that are under way at a time. */
const PIPELINE = 8;
const BYSTANDER = new URL('./load/bystander.ts', import.meta.url).pathname;
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

/** The frames that are published: made once for each topic, so that it is the broker that is busy. */
function framesFor(keyed: boolean): { readonly size: number; next(topic: string): Uint8Array } {
  const known = new Map<string, Uint8Array>();
  const records = Array.from({ length: keyed ? KEYED_BATCH : BATCH }, () =>
    keyed ? { key: '.'.repeat(KEY_BYTES), payload: Buffer.alloc(0) } : { key: '', payload: PAYLOAD },
  );
  let number = 0;
  const next = (topic: string): Uint8Array => {
    const frame = known.get(topic) ?? clientCodec.encode({ type: 'PUBLISH', request: 1, topic, records });
    known.set(topic, frame);
    if (!keyed) return frame;
    const bytes = Buffer.from(frame);
    let at = bytes.length - KEYED_BATCH * (RECORD_HEADER_SIZE + KEY_BYTES) + RECORD_HEADER_SIZE;
    for (let i = 0; i < KEYED_BATCH; i++, at += RECORD_HEADER_SIZE + KEY_BYTES) {
      bytes.write(`${number++}`.padStart(DIGITS, '0'), at, 'latin1');
    }
    return bytes;
  };
  return { size: keyed ? KEYED_BATCH * KEY_BYTES : BATCH * PAYLOAD.length, next };
}

/** Publishes so many bytes to the topics in turn, and resolves when all of them are confirmed. */
function publish(client: Client, topics: readonly string[], keyed: boolean, bytes: number): Promise<void> {
  const frames = framesFor(keyed);
  let sent = 0;
  let open = 0;
  return new Promise((resolve, reject) => {
    const more = (): void => {
      while (open < PIPELINE && sent < bytes) {
        client.socket.write(frames.next(topics[((sent / MiB) % topics.length) | 0] ?? ''));
        sent += frames.size;
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

/** Starts a bystander in a process of its own: what it waits must not be what this process makes it wait. */
async function bystander(port: number, pid: number): Promise<ChildProcess> {
  const child = fork(BYSTANDER, [`${port}`, `${pid}`], { execArgv: ['--import', 'tsx'] });
  await once(child, 'message');
  return child;
}

async function found(child: ChildProcess): Promise<Watched> {
  child.send('stop');
  const [watched] = (await once(child, 'message')) as [Watched | { error: string }];
  if ('error' in watched) throw new Error(`the bystander lost its connection: ${watched.error}`);
  return watched;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function measure(way: Way, bound: number, bytes: number): Promise<Watched> {
  const port = await freePort();
  const flags = [
    'serve',
    '--port',
    `${port}`,
    '--log-level',
    'error',
    '--set',
    `maxTotalRetainedBytes=${bound}`,
    '--set',
    `maxTotalBufferedBytes=${Math.floor(bound / 4)}`,
  ];
  const broker = spawn(process.execPath, ['--import', 'tsx', MAIN, ...flags], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const clients: Client[] = [];
  let watcher: ChildProcess | undefined;
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
    watcher = await bystander(port, broker.pid ?? 0);
    await publish(publisher, topics, way.keyed === true, bytes);
    return await found(watcher);
  } finally {
    watcher?.kill('SIGKILL');
    for (const { socket } of clients) socket.destroy();
    broker.kill('SIGKILL');
  }
}

function mebibytes(bytes: number): string {
  return Math.round(bytes / MiB).toLocaleString('en-US');
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
  const allowed = bound + ALLOWANCE;
  for (const way of WAYS.filter(({ name }) => name.includes(values.way ?? ''))) {
    report.progress(`${way.name} ...`);
    const { p99, longest, resident } = await measure(way, bound, bytes);
    const isHeld = resident <= allowed && p99 < P99_MS;
    rows.push([
      way.name,
      mebibytes(bytes),
      mebibytes(resident),
      mebibytes(allowed),
      p99.toFixed(1),
      longest.toFixed(1),
      isHeld ? 'holds' : 'DOES NOT HOLD',
    ]);
  }
  const columns = ['way', 'published', 'most resident', 'allowed', 'p99, ms', 'longest, ms', 'verdict'];
  report.table({ columns, rows });
  report.text(
    `Memory in MiB. Allowed are the bound and ${mebibytes(ALLOWANCE)} MiB; the bystander, a process of its own, asks every 10 ms, and its p99 must be under ${P99_MS} ms.`,
  );
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
