/**
 * One side of the client bench, in a process of its own: `node --import tsx side.ts LIBRARY PORT`. The parent gives it tasks
 * over IPC; see tasks.ts.
 */
import process from 'node:process';
import { type ClientAdapter, type ConnectAdapter, oneBehind } from './adapter.ts';
import { isPayload, makePayloads, RING } from './payloads.ts';
import type { Asked, Flow, Received, Sent, SideMessage, Task } from './tasks.ts';

/** No progress for so long means that what is missing will not come (milliseconds). */
const STALLED_MS = 4_000;

/** How often a subscriber reports in each window: a report wakes three processes. */
const REPORTS = 4;

/** Milliseconds on a clock that all processes of this machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

const tell = (message: SideMessage) => process.send?.(message);

/** Only the library that is measured is loaded. */
async function connectTo(library: string, port: number): Promise<ClientAdapter> {
  const connectors: Record<string, () => Promise<ConnectAdapter>> = {
    leveret: async () => (await import('./leveret.ts')).connectLeveret,
    nats: async () => (await import('./nats.ts')).connectNats,
    mqtt: async () => (await import('./mqtt.ts')).connectMqtt,
    redis: async () => (await import('./redis.ts')).connectRedis,
  };
  const connector = connectors[library];
  if (connector === undefined) throw new RangeError(`there is no adapter for ${library}`);
  return (await connector())(port);
}

/** Counts what comes, and looks whether it is what was sent. */
class Counter {
  messages = 0;
  fault: string | undefined;
  ended = 0;
  readonly #size: number;
  readonly #flow: Flow;
  #used = process.cpuUsage();
  #nextLook: number;
  #nextReport: number;
  #wanted = Number.POSITIVE_INFINITY;
  #complete: (() => void) | undefined;

  constructor(size: number, flow: Flow) {
    this.#size = size;
    this.#flow = flow;
    this.#nextLook = flow.batch;
    this.#nextReport = flow.window / REPORTS;
  }

  readonly onPayload = (payload: Uint8Array): void => {
    if (!isPayload(payload, this.messages, this.#size)) {
      this.fault ??= `message ${this.messages} is not the one that had to come`;
    }
    if (++this.messages >= this.#nextLook) this.#look();
  };

  restart(): void {
    this.messages = 0;
    this.#nextLook = this.#flow.batch;
    this.#nextReport = this.#flow.window / REPORTS;
    this.#wanted = Number.POSITIVE_INFINITY;
    this.#used = process.cpuUsage();
  }

  /** Waits until `messages` have come, or nothing comes any more. All are whole batches, so the last one is looked at. */
  async wait(messages: number): Promise<Received> {
    this.#wanted = messages;
    let watch: NodeJS.Timeout | undefined;
    if (this.messages < messages) {
      await new Promise<void>((resolve) => {
        let seen = -1;
        this.#complete = resolve;
        watch = setInterval(() => {
          if (this.messages === seen) resolve();
          seen = this.messages;
        }, STALLED_MS);
      });
    }
    clearInterval(watch);
    const { messages: got, ended, fault } = this;
    return { messages: got, ended, fault, cpu: secondsSince(this.#used) };
  }

  #look(): void {
    const { messages } = this;
    this.ended = now();
    this.#nextLook = messages + this.#flow.batch;
    if (messages >= this.#nextReport) {
      this.#nextReport = messages + this.#flow.window / REPORTS;
      tell({ received: messages });
    }
    if (messages >= this.#wanted) this.#complete?.();
  }
}

function secondsSince(used: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(used);
  return (user + system) / 1e6;
}

/** What the subscriber has reported of this run, and who waits to hear it. */
const progress = { received: 0, wake: () => {} };

type Publish = Extract<Task, { do: 'publish' }>;

/** Publishes batch after batch while the window has room; two batches may wait for their confirmations. */
async function publish(client: ClientAdapter, task: Publish): Promise<Sent> {
  const { topic, flow, milliseconds, confirmed } = task;
  const payloads = makePayloads(task.payload);
  const batches = Array.from({ length: Math.ceil(RING / flow.batch) }, (_, index) =>
    payloads.slice(index * flow.batch, (index + 1) * flow.batch),
  );
  const confirm = (batch: readonly Buffer[]) =>
    Promise.all(batch.map((payload) => client.confirm(topic, payload)));
  const paced = oneBehind();
  const used = process.cpuUsage();
  const began = now();
  const until = began + milliseconds;
  progress.received = 0;
  let messages = 0;
  for (let index = 0; now() < until; index = (index + 1) % batches.length) {
    const batch = batches[index] ?? [];
    if (!(await roomFor(messages + batch.length - flow.window))) break;
    messages += batch.length;
    await (confirmed ? paced(confirm(batch)) : client.publish(topic, batch));
  }
  await paced(Promise.resolve());
  return { messages, began, ended: now(), cpu: secondsSince(used) };
}

/** Resolves when the subscriber has so many; with false when it gets no further. */
async function roomFor(needed: number): Promise<boolean> {
  while (progress.received < needed) {
    const before = progress.received;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      progress.wake = resolve;
      timer = setTimeout(resolve, STALLED_MS);
    });
    clearTimeout(timer);
    if (progress.received === before) return false;
  }
  return true;
}

async function request(client: ClientAdapter, task: Extract<Task, { do: 'request' }>): Promise<Asked> {
  const payloads = makePayloads(task.payload);
  const latencies: number[] = [];
  for (let index = 0; index < task.count; index++) {
    const began = performance.now();
    await client.request(task.topic, payloads[index % RING] as Buffer);
    latencies.push(performance.now() - began);
  }
  return { latencies };
}

let counter = new Counter(0, { window: REPORTS, batch: 1 });
let leave = async () => {};

async function perform(client: ClientAdapter, task: Task): Promise<unknown> {
  switch (task.do) {
    case 'receive':
      counter = new Counter(task.payload, task.flow);
      leave = await client.receive(task.topic, task.way, counter.onPayload);
      return {};
    case 'restart':
      counter.restart();
      return {};
    case 'await':
      return counter.wait(task.messages);
    case 'leave':
      await leave();
      return {};
    case 'publish':
      return publish(client, task);
    case 'respond':
      await client.respond(task.topic);
      return {};
    case 'request':
      return request(client, task);
  }
}

const [library = '', port = ''] = process.argv.slice(2);
const client = await connectTo(library, Number(port));
process.on('message', (message: Task | { readonly received: number } | { readonly close: true }) => {
  if ('received' in message) {
    progress.received = message.received;
    progress.wake();
  } else if ('close' in message) {
    // An end of its own accord: a profile is written only then.
    client.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  } else {
    perform(client, message).then(
      (answer) => tell({ answer }),
      (error: unknown) =>
        tell({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  }
});
process.on('disconnect', () => process.exit(0));
tell({ answer: {} });
