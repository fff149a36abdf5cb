/** What the specs of the broker share: an engine in memory, with clients whose sockets the test plays. */
import { readLimits } from '#framing';
import { createLogEngine, LOG_LIMITS, type LogEngine, type LogLimits, type Topic } from '#log/broker';
import { clientCodec, Start } from '#protocol';
import type { EngineClient, EngineClientHost, Published } from '#protocol/broker';
import type { TopicTable } from '#topics';
import { decode, lines, type Text, wireRecords } from './support.ts';

/** A client, and what it was sent. Its socket may be made full, and drained. */
export class NoteBook implements EngineClientHost {
  full = false;
  /** What `send` says: whether the system has taken all of it, so that nobody holds it any more. */
  taken = false;
  sent: Uint8Array[] = [];
  failure: unknown;
  readonly client: EngineClient;

  constructor(engine: LogEngine) {
    this.client = engine.connect(this);
  }

  send(frames: Uint8Array): boolean {
    this.sent.push(frames);
    return this.taken;
  }

  wake(): void {
    this.client.deliver();
  }

  fail(error: unknown): void {
    this.failure = error;
    this.client.close();
  }

  drain(): void {
    this.full = false;
    this.wake();
  }

  create(topic: string, settings: { readonly retentionMs: number; readonly dedupeMs: number }): void {
    this.client.create({ type: 'CREATE', request: 0, topic, ...settings });
  }

  subscribe(options: { topic?: string; start?: number; after?: number; window?: number } = {}): void {
    const usual = {
      type: 'SUBSCRIBE',
      request: 0,
      topic: 't',
      start: Start.LATEST,
      after: 0,
      window: 0,
      group: '',
    } as const;
    this.client.subscribe({ ...usual, ...options });
    this.wake();
  }

  /** Publishes as a socket does: the bytes lie in a chunk, and are overwritten afterwards. */
  publish(...texts: Text[]): Published {
    const frame = clientCodec.encode({
      type: 'PUBLISH',
      request: 1,
      topic: 't',
      records: wireRecords(texts),
    });
    const chunk = Buffer.concat([Buffer.alloc(3), frame, Buffer.alloc(3)]);
    const published = this.client.publishRaw?.(chunk, 8, chunk.length - 3);
    chunk.fill(0xee);
    if (published === undefined) throw new Error('this engine reads no PUBLISH in place');
    return published;
  }

  commit(id: number): void {
    this.client.commit('t', id);
    this.wake();
  }

  /** What came since the last call, in lines; its frames are whole, or this throws. */
  take(): string[] {
    return lines(decode(Buffer.concat(this.sent.splice(0))));
  }
}

/** An engine with a clock that the test moves. */
export class World {
  now = 1_000;
  readonly engine: LogEngine;

  constructor(limits: Partial<LogLimits> = {}) {
    this.engine = createLogEngine(readLimits<keyof LogLimits>(LOG_LIMITS, limits), () => this.now);
  }

  get topics(): TopicTable<Topic> {
    return this.engine.topics;
  }

  get topic(): Topic {
    return this.topics.use('t');
  }

  join(): NoteBook {
    return new NoteBook(this.engine);
  }

  /** Waits for the end of the turn, and lets time pass. */
  async endTurn(milliseconds = 0): Promise<void> {
    await new Promise(setImmediate);
    // Flushing has asked for the time, which has begun the next turn: in it, time stands still.
    await new Promise(setImmediate);
    this.now += milliseconds;
  }

  /** What the engine does from time to time, as often as a quiet topic needs it. */
  sweep(): void {
    for (let i = 0; i < 3; i++) this.topics.trim();
  }
}

/** A test's body with an engine of its own, which ends with it. */
export function withWorld(
  limits: Partial<LogLimits>,
  run: (world: World) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const world = new World(limits);
    try {
      await run(world);
    } finally {
      world.engine.close();
    }
  };
}

/** The code of what it throws. */
export function refusal(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return codeOf(error);
  }
  return 'nothing was thrown';
}

export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error;
}

/** Settings of a topic that retains for a minute. */
export const MINUTE = { retentionMs: 60_000, dedupeMs: 0 };
