/** An engine as small as can be, so that sessions and requests are tested before there are topics: it notes what it is asked. */
import { readLimits } from '#framing';
import { brokerCodec, type ClientFrame, type FrameNamed, type WireRecord } from '#protocol';
import {
  BROKER_LIMITS,
  type BrokerLimits,
  type Engine,
  type EngineClient,
  type EngineClientHost,
  type Published,
  type RunningBroker,
  serveEngine,
} from '#protocol/broker';

/** One client of a {@link StubEngine}. */
export class StubClient implements EngineClient {
  readonly session: EngineClientHost;
  /** What the session has called, in its order, but for `deliver`. */
  readonly calls: string[] = [];
  delivered = 0;
  lag = 0;
  /** Thrown by every request until it is taken away. */
  refusal: unknown;
  readonly #topics = new Set<string>();
  readonly #lastIds = new Map<string, number>();
  readonly #waiting: Uint8Array[] = [];

  constructor(session: EngineClientHost) {
    this.session = session;
  }

  create({ topic, retentionMs, dedupeMs }: FrameNamed<ClientFrame, 'CREATE'>): void {
    this.#note(`create ${topic} ${retentionMs} ${dedupeMs}`);
  }

  publish(topic: string, records: readonly WireRecord[]): Published {
    this.#note(`publish ${topic} ${records.length}`);
    const firstId = (this.#lastIds.get(topic) ?? 0) + 1;
    this.#lastIds.set(topic, firstId + records.length - 1);
    if (this.#topics.has(topic))
      this.#waiting.push(brokerCodec.encode({ type: 'MESSAGES', topic, firstId, records }));
    return { firstId, count: records.length };
  }

  subscribe({ topic, start, after, window }: FrameNamed<ClientFrame, 'SUBSCRIBE'>): void {
    this.#note(`subscribe ${topic} ${start} ${after} ${window}`);
    this.#topics.add(topic);
  }

  unsubscribe(topic: string): void {
    this.#note(`unsubscribe ${topic}`);
    this.#topics.delete(topic);
  }

  commit(topic: string, id: number): void {
    this.#note(`commit ${topic} ${id}`);
  }

  deliver(): void {
    this.delivered += 1;
    for (const frame of this.#waiting.splice(0)) this.session.send(frame);
  }

  close(): void {
    this.calls.push('close');
  }

  #note(call: string): void {
    this.calls.push(call);
    if (this.refusal !== undefined) throw this.refusal;
  }
}

/** Remembers its clients. */
export class StubEngine implements Engine {
  readonly clients: StubClient[] = [];
  closed = 0;

  connect(session: EngineClientHost): StubClient {
    const client = new StubClient(session);
    this.clients.push(client);
    return client;
  }

  close(): void {
    this.closed += 1;
  }
}

/** Starts a broker on such an engine. */
export function serveStub(
  options: Partial<BrokerLimits> = {},
  engine: Engine = new StubEngine(),
): Promise<RunningBroker> {
  return serveEngine(engine, readLimits<keyof BrokerLimits>(BROKER_LIMITS, options), { epoch: 7 });
}
