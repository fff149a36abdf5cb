/** What the specs of this chapter share: records and frames as bytes, a reader that writes down what it gets. */
import { FrameReader } from '#framing';
import {
  DEFAULT_LIMITS,
  type LogLimits,
  type Reader,
  type Topic,
  TopicLog,
  type TopicReader,
  TopicTable,
  Turn,
} from '#log';
import { type BrokerFrame, BrokerType, decodeBrokerFrame } from '#protocol/old';

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

/** A log of the topic `t`. */
export function makeLog(options: { maxFrameSize?: number; maxRetainedBytes?: number } = {}): TopicLog {
  const { maxFrameSize = 1_048_576, maxRetainedBytes = 64 * 1_048_576 } = options;
  return new TopicLog({ topic: Buffer.from('t'), maxFrameSize, maxRetainedBytes });
}

/** Append texts to a log. Returns the first id. */
export function append(log: TopicLog, now: number, ...texts: Text[]): number {
  const bytes = records(...texts);
  return log.append(bytes, 0, bytes.length, texts.length, now);
}

/** The frames in these bytes, decoded. */
export function decode(bytes: Buffer): BrokerFrame[] {
  const frames: BrokerFrame[] = [];
  const reader = new FrameReader(
    (type, chunk, start, end) => {
      frames.push(decodeBrokerFrame(type, Buffer.from(chunk.subarray(start, end))));
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
    if (frame.type === BrokerType.SKIPPED) return `skipped ${frame.fromId}-${frame.toId}`;
    if (frame.type !== BrokerType.MESSAGES) return `type ${frame.type}`;
    const last = frame.firstId + frame.records.length - 1;
    return [`${frame.firstId}-${last}`, ...frame.records.map(({ payload }) => payload.toString())].join(' ');
  });
}

/** A reader that writes down what it is sent. It may be made full, and drained. */
export class NoteBook implements Reader {
  full = false;
  bytes: Buffer[] = [];
  slow: TopicReader[] = [];
  readonly waiting = new Set<TopicReader>();

  send(bytes: Buffer): boolean {
    this.bytes.push(bytes);
    return false;
  }

  waitFor(reader: TopicReader): void {
    this.waiting.add(reader);
  }

  tooSlow(reader: TopicReader): void {
    this.slow.push(reader);
    reader.topic.remove(reader);
  }

  drain(): void {
    this.full = false;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const reader of waiting) reader.topic.resume(reader);
  }

  /** What came since the last call, in lines; its frames are whole, or this throws. */
  take(): string[] {
    const bytes = Buffer.concat(this.bytes);
    this.bytes = [];
    return lines(decode(bytes));
  }
}

/** Topics with a clock that the test moves, and a turn that the test ends. */
export class World {
  now = 1_000;
  readonly turn: Turn;
  readonly topics: TopicTable;
  readonly limits: LogLimits;

  constructor(limits: Partial<LogLimits> = {}) {
    this.limits = { ...DEFAULT_LIMITS, ...limits };
    this.turn = new Turn(() => this.now);
    this.topics = new TopicTable({ limits: this.limits, turn: this.turn });
  }

  topic(name = 't'): Topic {
    return this.topics.use(name, 0);
  }

  /** Publish texts. Returns how many were kept. */
  publish(topic: Topic, ...texts: Text[]): number {
    const bytes = records(...texts);
    const keyed = texts.some((text) => typeof text !== 'string' && text[0] !== '');
    return topic.publish(bytes, 0, bytes.length, texts.length, keyed);
  }

  /** End the turn, and let time pass. */
  endTurn(milliseconds = 0): void {
    this.turn.end();
    // Flushing has asked for the time, which began the next turn; end that too, or the time would stand still.
    this.turn.end();
    this.now += milliseconds;
  }
}
