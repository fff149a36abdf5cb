import { type Adapter, LoadError, type MessageCounter, repeat, TOPIC } from './adapter.ts';

const HELLO = 0x01;
const CREATE = 0x02;
const PUBLISH = 0x03;
const SUBSCRIBE = 0x04;
const PING = 0x07;
const MESSAGES = 0x84;
const ERROR = 0x85;
const PONG = 0x86;
const SKIPPED = 0x87;

/** `u32 size | u8 type | body`. Written here, apart from the codec under test, on purpose. */
function frame(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length + 1);
  head[4] = type;
  return Buffer.concat([head, body]);
}

function uint(bytes: 1 | 2 | 4 | 8, value: number): Buffer {
  const all = Buffer.alloc(8);
  all.writeBigUInt64BE(BigInt(value));
  return all.subarray(8 - bytes);
}

function text(lengthBytes: 1 | 2, value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint(lengthBytes, bytes.length), bytes]);
}

/** `HELLO`: version 1, a name, no token. */
export function hello(name: string): Buffer {
  return frame(HELLO, uint(1, 1), text(1, name), text(2, ''));
}

/** `CREATE` that asks for no answer. */
export function create(topic: string, retentionMs: number, dedupeMs = 0): Buffer {
  return frame(CREATE, uint(4, 0), text(1, topic), uint(4, retentionMs), uint(4, dedupeMs));
}

/** `PUBLISH` that asks for no answer, with the same payload `count` times and no keys. */
export function publish(topic: string, payload: Buffer, count = 1): Buffer {
  const record = Buffer.concat([uint(2, 0), uint(4, payload.length), payload]);
  return frame(PUBLISH, uint(4, 0), text(1, topic), uint(2, count), repeat(record, count));
}

/** `MESSAGES` as a broker sends it, with the same payload `count` times and no keys; the first id is 1. */
export function messages(topic: string, payload: Buffer, count: number): Buffer {
  const record = Buffer.concat([uint(2, 0), uint(4, payload.length), payload]);
  return frame(MESSAGES, text(1, topic), uint(8, 1), uint(2, count), repeat(record, count));
}

/** `SUBSCRIBE` with no window: to what comes next (start 1), or to all that is retained (start 0). */
export function subscribe(topic: string, request = 0, start = 1): Buffer {
  return frame(
    SUBSCRIBE,
    uint(4, request),
    text(1, topic),
    uint(1, start),
    uint(8, 0),
    uint(2, 0),
    text(1, ''),
  );
}

/** `PING` with these bytes. */
export function ping(bytes: Buffer): Buffer {
  return frame(PING, bytes);
}

/** The `PONG` that answers {@link ping}. */
export function pong(bytes: Buffer): Buffer {
  return frame(PONG, bytes);
}

const READY = Buffer.from('ready');
const READY_PONG = pong(READY);

/**
 * The leveret protocol; `batch` messages go in each PUBLISH frame. Without `checkIds` it takes deliveries whatever
 * their ids are (from the server of the `limit` bench, whose frames are prebuilt).
 */
export function leveretAdapter({ batch = 1, checkIds = true } = {}): Adapter {
  return {
    publisherHello: () => Buffer.concat([hello('bench-publisher'), ping(READY)]),
    subscriberHello: (index) =>
      Buffer.concat([hello(`bench-subscriber-${index}`), subscribe(TOPIC, 1), ping(READY)]),
    isReady: (received) => {
      if (received.length > 4 && received[4] === ERROR) throw new LoadError(describeError(received));
      return received.subarray(-READY_PONG.length).equals(READY_PONG);
    },
    publishes: (payload, count) => {
      if (count < batch) return publish(TOPIC, payload, count);
      const frames = repeat(publish(TOPIC, payload, batch), Math.floor(count / batch));
      return count % batch === 0 ? frames : Buffer.concat([frames, publish(TOPIC, payload, count % batch)]);
    },
    counter: () => new LeveretCounter(TOPIC, checkIds),
    answer: () => undefined,
  };
}

/**
 * Counts the messages in MESSAGES frames by their headers alone, and jumps over the records. A frame counts
 * when its last byte is here. Ids must follow one another without a gap, so that a lost, doubled or reordered
 * message fails the run even where the number of messages is right.
 */
export class LeveretCounter implements MessageCounter {
  readonly #topicSize: number;
  readonly #headerSize: number;
  readonly #held = Buffer.alloc(300);
  #heldSize = 0;
  /** Bytes of the current frame still to come, and the messages that are complete when they have come. */
  #skip = 0;
  #pending = 0;
  /** Low 32 bits of the id that must come next; -1 before the first. */
  #nextId = -1;
  /** Frames of messages seen. */
  frames = 0;
  readonly #checkIds: boolean;

  constructor(topic = TOPIC, checkIds = true) {
    this.#topicSize = Buffer.byteLength(topic);
    this.#headerSize = 4 + 1 + 1 + this.#topicSize + 8 + 2;
    this.#checkIds = checkIds;
  }

  count(bytes: Buffer, length: number): number {
    let messages = 0;
    let at = 0;
    while (at < length) {
      if (this.#skip > 0) {
        const here = length - at;
        if (this.#skip > here) {
          this.#skip -= here;
          return messages;
        }
        at += this.#skip;
        this.#skip = 0;
        messages += this.#pending;
        this.#pending = 0;
      } else if (this.#heldSize === 0 && length - at >= this.#headerSize) {
        at += this.#header(bytes, at);
      } else {
        // A header cut by the end of a chunk, or a frame that is shorter than a MESSAGES header.
        this.#held[this.#heldSize++] = bytes[at++] ?? 0;
        const needed = this.#heldSize >= 5 && this.#held[4] !== MESSAGES ? 5 : this.#headerSize;
        if (this.#heldSize === needed) {
          this.#heldSize = 0;
          this.#header(this.#held, 0);
        }
      }
    }
    return messages;
  }

  /** Read the header at `at`; answers how many bytes of the frame it took. */
  #header(bytes: Buffer, at: number): number {
    const size = u32(bytes, at);
    const type = bytes[at + 4];
    if (type !== MESSAGES) {
      if (type === ERROR || type === SKIPPED) {
        throw new LoadError(
          type === SKIPPED ? 'a subscriber was told that messages were skipped' : 'ERROR from the broker',
        );
      }
      this.#skip = size - 1;
      this.#pending = 0;
      return 5;
    }
    const afterTopic = at + 6 + this.#topicSize;
    const count = ((bytes[afterTopic + 8] ?? 0) << 8) | (bytes[afterTopic + 9] ?? 0);
    const id = u32(bytes, afterTopic + 4);
    if (this.#checkIds && this.#nextId !== -1 && id !== this.#nextId) {
      throw new LoadError(`id ${id} where ${this.#nextId} had to come`);
    }
    this.#nextId = (id + count) >>> 0;
    this.#pending = count;
    this.#skip = size + 4 - this.#headerSize;
    this.frames++;
    return this.#headerSize;
  }
}

function u32(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}

function describeError(received: Buffer): string {
  return received.length < 13
    ? 'ERROR from the broker'
    : `ERROR ${received.readUInt16BE(9)} from the broker: ${received.toString('utf8', 13)}`;
}
