/** An engine in memory, with clients whose sockets the test plays. */
import { readLimits } from '#framing';
import { type BrokerFrame, type BrokerLimits, brokerCodec, clientCodec, Start } from '#protocol';
import {
  BROKER_LIMITS,
  createChannelEngine,
  type Engine,
  type EngineClient,
  type EngineClientHost,
  type Published,
} from '#protocol/broker';
import { textOf } from './golden-vectors.ts';

/** A client, and what it was sent. Its socket may be made full. */
export class NoteBook implements EngineClientHost {
  full = false;
  wakes = 0;
  /** What the engine ended this client with. */
  failure: unknown;
  readonly client: EngineClient;
  /** Called by `send`. */
  onSend: () => void = () => {};
  readonly #delivers: boolean;
  #sent: Uint8Array[] = [];

  /** @param delivers - whether a wake delivers, as that of a session does */
  constructor(engine: Engine, delivers: boolean) {
    this.#delivers = delivers;
    this.client = engine.connect(this);
  }

  send(frames: Uint8Array): boolean {
    this.#sent.push(frames);
    this.onSend();
    return false;
  }

  wake(): void {
    this.wakes += 1;
    if (this.#delivers) this.client.deliver();
  }

  fail(error: unknown): void {
    this.failure ??= error;
  }

  create(topic: string, retentionMs = 0, dedupeMs = 0): void {
    this.client.create({ type: 'CREATE', request: 1, topic, retentionMs, dedupeMs });
  }

  subscribe(topic: string, { start = Start.LATEST as number, after = 0, window = 0 } = {}): void {
    this.client.subscribe({ type: 'SUBSCRIBE', request: 1, topic, start, after, window, group: '' });
  }

  /** Publishes as a session does: the records lie in the bytes of a read, which mean something else afterwards. */
  publish(topic: string, ...messages: (string | readonly [key: string, text: string])[]): Published {
    const records = messages.map((message) => {
      const [key, text] = typeof message === 'string' ? ['', message] : message;
      return { key, payload: Buffer.from(text) };
    });
    const chunk = clientCodec.encode({ type: 'PUBLISH', request: 1, topic, records });
    const frame = clientCodec.decode(0x03, chunk, 5);
    if (frame.type !== 'PUBLISH') throw new Error('this is the PUBLISH that was encoded');
    const published = this.client.publish?.(topic, frame.records);
    chunk.fill(0xee);
    if (published === undefined) throw new Error('the engine says nothing of a PUBLISH');
    return published;
  }

  /** Sizes of the frames that came and were not taken yet, as their size fields say. */
  get sizes(): number[] {
    return this.#sent.map((frame) => frame.length - 4);
  }

  /** The frames that came since the last call. */
  takeFrames(): BrokerFrame[] {
    return this.#sent.splice(0).map((frame) => brokerCodec.decode(frame[4] as number, frame, 5));
  }

  /** The frames that came since the last call, a line for each: `t 1: a b`, or `t skipped 1 to 3`. */
  take(): string[] {
    return this.takeFrames().map((frame) => {
      if (frame.type === 'SKIPPED') return `${frame.topic} skipped ${frame.fromId} to ${frame.toId}`;
      if (frame.type !== 'MESSAGES') return frame.type;
      const texts = frame.records.map(({ key, payload }) => (key === '' ? '' : `${key}=`) + textOf(payload));
      return `${frame.topic} ${frame.firstId}: ${texts.join(' ')}`;
    });
  }
}

/** Makes an engine, and clients of it. */
export function makeWorld(
  options: Partial<BrokerLimits> = {},
  { delivers = true } = {},
): { engine: Engine; join(): NoteBook } {
  const engine = createChannelEngine(readLimits<keyof BrokerLimits>(BROKER_LIMITS, options));
  return { engine, join: () => new NoteBook(engine, delivers) };
}

/** Resolves when this turn has ended, and what it brought was passed on. */
export function endTurn(): Promise<void> {
  // Booked behind the wake-up that a publish has booked.
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** The code of what it throws. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
  return 'nothing was thrown';
}
