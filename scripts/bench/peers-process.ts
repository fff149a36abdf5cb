/**
 * One side of the peers bench, in a process of its own: `receiver` or `sender`, of `leveret` or `zeromq`. The
 * parent says what to do over IPC, and both sides answer with times of the machine's one monotonic clock.
 */
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { createPeer } from '#peers';

/** What the parent asks for. */
export type PeersTask =
  | { readonly do: 'count'; readonly messages: number }
  | { readonly do: 'send'; readonly messages: number; readonly size: number; readonly parallel: boolean }
  | { readonly do: 'mix'; readonly small: number; readonly bulk: number }
  | { readonly do: 'latencies'; readonly small: number };

/** What it hears: when a task began and ended, and the processor time that it took, in milliseconds. */
export interface PeersResult {
  readonly began: number;
  readonly ended: number;
  readonly cpu: number;
  /** Milliseconds from send to arrival, of each small datagram. */
  readonly latencies?: readonly number[];
}

interface Receiver {
  readonly address: string;
  next(): Promise<Uint8Array>;
}

interface Sender {
  send(bytes: Uint8Array): Promise<void>;
  /** False where one send has to be over before the next begins. */
  readonly parallel: boolean;
}

/** Milliseconds on a clock that all processes of this machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** A datagram of this size carries the time at which it was sent. */
const SMALL = 64;

const LARGEST = 67_108_864;

async function leveretReceiver(): Promise<Receiver> {
  const peer = await createPeer({ maxDatagramBytes: LARGEST });
  const datagrams = peer.receive();
  return {
    address: peer.address,
    async next() {
      const { value } = await datagrams.next();
      if (value === undefined) throw new Error('the receiver was closed');
      return value.data;
    },
  };
}

async function leveretSender(address: string, maxPoolSize: number): Promise<Sender> {
  const peer = await createPeer({ maxPoolSize });
  return { parallel: true, send: (bytes) => peer.send(address, bytes) };
}

async function zeromqReceiver(): Promise<Receiver> {
  const { Pull } = await import('zeromq');
  const pull = new Pull();
  await pull.bind('tcp://127.0.0.1:*');
  return {
    address: pull.lastEndpoint ?? '',
    async next() {
      const [bytes] = await pull.receive();
      if (bytes === undefined) throw new Error('an empty message');
      return bytes;
    },
  };
}

async function zeromqSender(address: string): Promise<Sender> {
  const { Push } = await import('zeromq');
  const push = new Push();
  push.connect(address);
  return { parallel: false, send: (bytes) => push.send(bytes) };
}

/** Counts what arrives. */
async function count(receiver: Receiver, messages: number): Promise<void> {
  for (let n = 0; n < messages; n++) await receiver.next();
}

async function send(sender: Sender, messages: number, size: number, parallel: boolean): Promise<void> {
  const message = Buffer.alloc(size, 'x');
  if (!parallel || !sender.parallel) {
    for (let n = 0; n < messages; n++) await sender.send(message);
  } else await Promise.all(Array.from({ length: messages }, () => sender.send(message)));
}

/** A large datagram is always under way; a small one goes out now and then. */
async function mix(sender: Sender, small: number, bulk: number): Promise<void> {
  let over = false;
  const large = Buffer.alloc(bulk);
  const carry = async () => {
    while (!over) await sender.send(large);
  };
  const carrier = bulk > 0 ? carry() : undefined;
  for (let n = 0; n < small; n++) {
    await delay(1);
    const message = Buffer.alloc(SMALL);
    message.writeDoubleBE(now());
    await sender.send(message);
  }
  over = true;
  await carrier;
}

async function latencies(receiver: Receiver, small: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < small) {
    const bytes = await receiver.next();
    if (bytes.length === SMALL) found.push(now() - Buffer.from(bytes).readDoubleBE());
  }
  return found;
}

async function perform(task: PeersTask, sender: Sender | undefined, receiver: Receiver | undefined) {
  if (task.do === 'send' && sender !== undefined) {
    await send(sender, task.messages, task.size, task.parallel);
  } else if (task.do === 'mix' && sender !== undefined) await mix(sender, task.small, task.bulk);
  else if (task.do === 'count' && receiver !== undefined) await count(receiver, task.messages);
  else if (task.do === 'latencies' && receiver !== undefined) return latencies(receiver, task.small);
  return undefined;
}

const [side, system, to = '', poolSize = '4'] = process.argv.slice(2);
if (process.send !== undefined) {
  const receiver =
    side !== 'receiver' ? undefined : await (system === 'zeromq' ? zeromqReceiver() : leveretReceiver());
  const sender =
    side !== 'sender'
      ? undefined
      : await (system === 'zeromq' ? zeromqSender(to) : leveretSender(to, Number(poolSize)));
  process.on('message', async (task: PeersTask) => {
    const used = process.cpuUsage();
    const began = now();
    const found = await perform(task, sender, receiver);
    const { user, system: kernel } = process.cpuUsage(used);
    const result: PeersResult = { began, ended: now(), cpu: (user + kernel) / 1_000 };
    process.send?.(found === undefined ? result : { ...result, latencies: found });
  });
  process.on('disconnect', () => process.exit());
  process.send({ address: receiver?.address ?? '' });
}
