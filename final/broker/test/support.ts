import { FrameReader } from '#framing';
import { type BrokerFrame, brokerCodec } from '#protocol';
import { PlainSubscription } from '../delivery/plain-subscription.ts';
import type { ReaderHost, Resumable } from '../delivery/subscription.ts';
import { type BrokerLimits, readBrokerLimits } from '../limits.ts';
import { ConnectionLags } from '../memory/connection-lags.ts';
import { RetainedMemory } from '../memory/retained-memory.ts';
import { TickScheduler } from '../session/tick-scheduler.ts';
import type { Topic } from '../topics/topic.ts';
import type { Hold } from '../topics/topic-reader.ts';
import { TopicTable } from '../topics/topic-table.ts';

/** A text, or a key and a text. */
export type Text = string | readonly [key: string, text: string];

/** Records as they lie on the wire. */
export function records(...texts: Text[]): Buffer {
  return Buffer.concat(
    texts.map((each) => {
      const [key, text] = typeof each === 'string' ? ['', each] : each;
      const head = Buffer.alloc(6);
      head.writeUInt16BE(Buffer.byteLength(key, 'latin1'));
      head.writeUInt32BE(Buffer.byteLength(text), 2);
      return Buffer.concat([head, Buffer.from(key, 'latin1'), Buffer.from(text)]);
    }),
  );
}

/** The frames in these bytes, decoded. */
export function decode(bytes: Buffer): BrokerFrame[] {
  const frames: BrokerFrame[] = [];
  const reader = new FrameReader(
    (type, chunk, start, end) => {
      frames.push(brokerCodec.decode(type, Buffer.from(chunk.subarray(start, end))));
    },
    { limit: 0xffff_ffff },
  );
  reader.push(bytes);
  reader.end();
  return frames;
}

/** One line for each frame: `1-3 a b c` for messages, `skipped 4-7`. */
export function lines(frames: readonly BrokerFrame[]): string[] {
  return frames.map((frame) => {
    if (frame.type === 'SKIPPED') return `skipped ${frame.fromId}-${frame.toId}`;
    if (frame.type !== 'MESSAGES') return `type ${frame.type}`;
    const last = frame.firstId + frame.records.length - 1;
    return [
      `${frame.firstId}-${last}`,
      ...frame.records.map(({ payload }) => Buffer.from(payload).toString()),
    ].join(' ');
  });
}

/** A client that writes down what it is sent. It may be made full, and drained. */
export class NoteBook implements ReaderHost {
  readonly number = 1;
  readonly name = 'notebook';
  full = false;
  bytes: Uint8Array[] = [];
  /** How often it was found too slow. */
  slow = 0;
  readonly faults: unknown[] = [];
  readonly heldBy = new Set<Hold>();
  readonly waiting = new Set<Resumable>();
  /** What reads for it. */
  readonly subscriptions: PlainSubscription[] = [];

  send(bytes: Uint8Array): boolean {
    this.bytes.push(bytes);
    return false;
  }

  resumeLater(reader: Resumable): void {
    this.waiting.add(reader);
  }

  forget(reader: Resumable): void {
    this.waiting.delete(reader);
  }

  tooSlow(): void {
    this.slow++;
    this.leave();
  }

  fail(fault: unknown): void {
    this.faults.push(fault);
    this.leave();
  }

  leave(): void {
    for (const subscription of this.subscriptions.splice(0)) subscription.leave();
  }

  drain(): void {
    this.full = false;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const reader of waiting) reader.resume();
  }

  /** What came since the last call, in lines; its frames are whole, or this throws. */
  take(): string[] {
    const bytes = Buffer.concat(this.bytes);
    this.bytes = [];
    return lines(decode(bytes));
  }
}

/** Subscribes as a session does. */
export function subscribe(
  topic: Topic,
  book: NoteBook,
  place: { window?: number; nextId?: number; missedFrom?: number } = {},
): PlainSubscription {
  const { window = 0, nextId = topic.log.sealedId + 1, missedFrom = nextId } = place;
  const subscription = new PlainSubscription(topic, book, nextId, window, missedFrom);
  book.subscriptions.push(subscription);
  subscription.start();
  return subscription;
}

/** Topics with a clock that the test moves, and a tick that the test ends. */
export class World {
  now = 1_000;
  readonly scheduler: TickScheduler;
  readonly faults: unknown[] = [];
  readonly topics: TopicTable;
  readonly limits: BrokerLimits;
  readonly memory: RetainedMemory;
  readonly lags: ConnectionLags;
  readonly warnings: string[] = [];

  constructor(limits: Partial<BrokerLimits> = {}) {
    this.limits = readBrokerLimits(limits);
    const faults = { report: (fault: unknown) => void this.faults.push(fault) };
    this.scheduler = new TickScheduler(() => this.now, faults);
    this.memory = new RetainedMemory({ ...this.limits, logger: this, clock: () => this.now });
    this.lags = new ConnectionLags(this.limits);
    this.topics = new TopicTable(this);
  }

  warn(_facts: object, message: string): void {
    this.warnings.push(message);
  }

  topic(name = 't'): Topic {
    return this.topics.use(name);
  }

  /** Publish texts. Returns how many were kept. */
  publish(topic: Topic, ...texts: Text[]): number {
    const bytes = records(...texts);
    const keyed = texts.some((text) => typeof text !== 'string' && text[0] !== '');
    return topic.publish(bytes, 0, bytes.length, texts.length, keyed);
  }

  /** End the tick, and let time pass. */
  endTick(milliseconds = 0): void {
    this.scheduler.end();
    // Flushing has asked for the time, which began the next tick; end that too, or the time would stand still.
    this.scheduler.end();
    this.now += milliseconds;
  }
}
