import { ProcessWatch } from '../process-metrics.ts';
import { type BenchServer, serverKind, withServer } from '../servers.ts';
import type { Way } from './adapter.ts';
import { Pair } from './pair.ts';
import { RING } from './payloads.ts';
import type { System } from './systems.ts';
import type { Asked, Flow, Received, Sent } from './tasks.ts';

/** How long, and how much. */
export interface Effort {
  /** Length of a measured stream; its warm-up takes half as long. */
  readonly milliseconds: number;
  /** Measured round trips; three times as many before them, at most 5,000, are the warm-up. */
  readonly requests: number;
  /** Options for Node in the client processes. */
  readonly nodeOptions: readonly string[];
}

/** A stream of messages from the publisher to the subscriber. Processor time is in seconds for each message. */
export interface Stream {
  /** Messages a second, from the first publish to the last arrival. */
  readonly rate: number;
  /** Publishes a second until the last was published, or confirmed. */
  readonly sentRate: number;
  readonly publisherCpu: number;
  readonly subscriberCpu: number;
  readonly brokerCpu: number;
  /** Seconds for each second that the broker was ready to run and had no core. */
  readonly waited: number;
  readonly messages: number;
  readonly lost: number;
  readonly fault: string | undefined;
}

/** All that is measured of one system in one round. */
export interface Round {
  readonly streams: Partial<Record<Way, Stream>>;
  readonly confirmed: Stream;
  /** Milliseconds of each round trip. */
  readonly latencies: readonly number[];
}

/** How much may be on its way: 4 MiB of payload. */
export function flowFor(payload: number): Flow {
  const window = 2 ** Math.floor(Math.log2((4 * 1_048_576) / payload));
  return { window, batch: Math.min(RING, Math.max(1, window / 16)) };
}

/** Confirmed publishes that may wait for their confirmation: two batches. */
const CONFIRMED_FLOW: Flow = { window: 4096, batch: 256 };

/** One round of one system: a fresh broker, a fresh publisher, a fresh subscriber. */
export async function measureRound(system: System, payload: number, effort: Effort): Promise<Round> {
  return await withServer(serverKind(system.server), async (server) => {
    await using pair = await Pair.start(system, server.port, effort.nodeOptions);
    const streams: Partial<Record<Way, Stream>> = {};
    for (const way of system.ways) {
      streams[way] = await stream(server, pair, {
        way,
        payload,
        flow: flowFor(payload),
        confirmed: false,
        effort,
      });
    }
    const confirmed = await stream(server, pair, {
      way: 'callback',
      payload,
      flow: CONFIRMED_FLOW,
      confirmed: true,
      effort,
    });
    return { streams, confirmed, latencies: await roundTrips(pair, payload, effort.requests) };
  });
}

interface StreamOptions {
  readonly way: Way;
  readonly payload: number;
  readonly flow: Flow;
  readonly confirmed: boolean;
  readonly effort: Effort;
}

async function stream(server: BenchServer, pair: Pair, options: StreamOptions): Promise<Stream> {
  const { way, payload, flow, confirmed, effort } = options;
  const { publisher, subscriber } = pair;
  const topic = confirmed ? 'confirmed' : way;
  await subscriber.ask({ do: 'receive', topic, way, payload, flow });
  const run = async (milliseconds: number) => {
    await subscriber.ask({ do: 'restart' });
    const sent = await publisher.ask<Sent>({ do: 'publish', topic, payload, flow, milliseconds, confirmed });
    return { sent, received: await subscriber.ask<Received>({ do: 'await', messages: sent.messages }) };
  };
  await run(effort.milliseconds / 2);
  const watch = new ProcessWatch(server.pid);
  const { sent, received } = await run(effort.milliseconds);
  const broker = watch.stop();
  await subscriber.ask({ do: 'leave' });
  const { messages } = sent;
  const seconds = (received.ended - sent.began) / 1_000;
  return {
    rate: received.messages / seconds,
    sentRate: messages / ((sent.ended - sent.began) / 1_000),
    publisherCpu: sent.cpu / messages,
    subscriberCpu: received.cpu / messages,
    brokerCpu: broker.cpuSeconds / messages,
    waited: broker.waitedSeconds / seconds,
    messages,
    lost: messages - received.messages,
    fault: received.fault,
  };
}

async function roundTrips(
  { publisher, subscriber }: Pair,
  payload: number,
  count: number,
): Promise<readonly number[]> {
  const topic = 'questions';
  await subscriber.ask({ do: 'respond', topic });
  const ask = (times: number) => publisher.ask<Asked>({ do: 'request', topic, payload, count: times });
  // Asked one at a time, it takes thousands until all of the code that they run through is compiled.
  await ask(Math.min(3 * count, 5_000));
  return (await ask(count)).latencies;
}
