/** What the socket tests share. */
import { Duplex } from 'node:stream';
import { type ClientFrame, clientCodec } from '#protocol';
import { RawClient, until } from '../../../chapters/04-full-protocol/test/conversation-client.ts';
import { publish } from '../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { type Broker, type BrokerOptions, type BrokerTools, createBroker } from '../../index.ts';

export { until };

/** Milliseconds after which a test has failed. */
export const TIMEOUT = 30_000;

/** What a test gets. */
export interface Stand {
  readonly running: Broker;
  hello(): Promise<RawClient>;
}

/** Run a test with a broker of its own, and close everything behind it. */
export async function withBroker(
  options: BrokerOptions & BrokerTools,
  run: (stand: Stand) => Promise<void>,
): Promise<void> {
  const running = await createBroker({ port: 0, sweepIntervalMs: 20, ...options });
  const clients: RawClient[] = [];
  try {
    await run({
      running,
      async hello() {
        const client = await RawClient.hello(running, { allowHalfOpen: true });
        clients.push(client);
        return client;
      },
    });
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await running.close(1000);
  }
}

/** Publish a batch of `count` messages of `size` bytes, and wait until the broker has it. */
export async function publishBatch(
  client: RawClient,
  topic: string,
  count: number,
  size: number,
): Promise<void> {
  client.frames(publish(1, topic, ...Array.from({ length: count }, () => 'x'.repeat(size))));
  await client.expect({ type: 'PUBLISHED', request: 1, count });
}

/** Reads messages and SKIPPED of one topic up to an id, and checks that every id is in one of them, in order. */
export async function readUpTo(
  client: RawClient,
  from: number,
  to: number,
): Promise<{ got: number; skipped: number }> {
  let next = from;
  let got = 0;
  let skipped = 0;
  while (next <= to) {
    const frame = await client.next();
    if (frame.type === 'MESSAGES') {
      if (frame.firstId !== next) throw new Error(`expected id ${next}, got ${frame.firstId}`);
      next += frame.records.length;
      got += frame.records.length;
    } else if (frame.type === 'SKIPPED') {
      if (frame.fromId !== next) throw new Error(`expected a gap from ${next}, got ${frame.fromId}`);
      skipped += frame.toId - frame.fromId + 1;
      next = frame.toId + 1;
    } else if (frame.type !== 'PUBLISHED') {
      throw new Error(`unexpected frame ${frame.type}`);
    }
  }
  return { got, skipped };
}

/** A stream whose other end takes nothing until told to: no kernel lies between, so every byte can be counted. */
export class Stuck extends Duplex {
  readonly taken: Buffer[] = [];
  #stuck = true;
  #waiting: (() => void) | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.taken.push(chunk);
    if (this.#stuck) this.#waiting = done;
    else done();
  }

  /** Take everything from now on. */
  free(): void {
    this.#stuck = false;
    this.#waiting?.();
  }

  /** Bytes come from the other end, in one chunk. */
  receive(...frames: ClientFrame[]): void {
    this.push(Buffer.concat(frames.map((frame) => clientCodec.encode(frame))));
  }
}
