import { LeveretError } from '#framing';
import type { BrokerFrame, WelcomeFrame } from './broker-frames.ts';
import { ClientConnection, type ConnectOptions, fromErrorFrame } from './client-connection.ts';
import {
  ClientSubscription,
  ReceivedMessage,
  type SkippedIds,
  type SubscriptionHost,
  waitingSize,
} from './client-subscription.ts';
import { BrokerType, ClientType, MAX_RECORDS, Start } from './constants.ts';
import { ProtocolError } from './protocol-error.ts';
import { recordSize, type WireRecord } from './record.ts';

/** Options of {@link connect}. */
export interface ClientOptions extends ConnectOptions {
  /**
   * Messages that may wait to be taken, in all subscriptions together, before the client stops reading from its
   * socket. @defaultValue 1,000
   */
  readonly maxWaiting?: number;
  /**
   * Bytes that may wait before the connection is given up with the error `OVERFLOW`. Reading cannot stop while an
   * answer is awaited, because the answer comes behind the messages. @defaultValue 67,108,864
   */
  readonly maxWaitingBytes?: number;
  /**
   * Called when something is refused that nobody waits for: an unconfirmed publish, a commit.
   * @defaultValue the error is lost
   */
  readonly onError?: (error: LeveretError) => void;
}

/** Content of a message: text is sent as UTF-8. */
export type Payload = string | Uint8Array;

/** What to publish. */
export interface OutgoingMessage {
  readonly payload: Payload;
  /** Name of the message for dedupe, at most 128 bytes of UTF-8. @defaultValue none */
  readonly key?: string;
}

/** How to subscribe. */
export interface SubscribeOptions {
  /** Where to begin: all that is retained, only what comes, or after an id. @defaultValue `'latest'` */
  readonly from?: 'earliest' | 'latest' | { readonly after: number };
  /** Most messages delivered and not committed, 0 to 65,535; 0 = no limit, no commits. @defaultValue 0 */
  readonly window?: number;
  /** Called for ids that will never come. */
  readonly onSkipped?: (ids: SkippedIds) => void;
}

/**
 * Connect to a broker.
 *
 * ```ts
 * await using client = await connect({ port: 8899, name: 'alice' });
 * const { id } = await client.publish('news', 'hello');
 * ```
 *
 * @throws LeveretError `REFUSED`, `TIMEOUT` or `ABORTED`; ProtocolError when the broker refuses (`DENIED`, `FULL`)
 */
export async function connect(options: ClientOptions): Promise<Client> {
  const { connection, welcome } = await ClientConnection.open(options);
  return new Client(connection, welcome, options);
}

/**
 * One connection to a broker: publishes and subscribes. Made by {@link connect}.
 *
 * Every method throws a `ProtocolError` with the broker's code when it refuses, and a `LeveretError` when the
 * connection is gone: `DISCONNECTED`, or `CLOSED` after `close`.
 */
export class Client implements AsyncDisposable {
  /** Number of this connection at the broker. */
  readonly connectionId: number;
  /** Number of this life of the broker's logs: ids of one epoch only can be compared. */
  readonly epoch: number;
  /** Size of the largest frame that the broker takes. */
  readonly maxFrameSize: number;
  /** Resolves when the connection is gone: with the error, or with `undefined` after `close`. */
  readonly closed: Promise<LeveretError | undefined>;
  readonly #connection: ClientConnection;
  readonly #subscriptions = new Map<string, ClientSubscription>();
  readonly #host: SubscriptionHost;
  readonly #onError: ((error: LeveretError) => void) | undefined;
  readonly #maxWaiting: number;
  readonly #maxWaitingBytes: number;
  #waiting = 0;
  #waitingBytes = 0;

  /** @hidden Made by {@link connect}. */
  constructor(connection: ClientConnection, welcome: WelcomeFrame, options: ClientOptions) {
    this.connectionId = welcome.connectionId;
    this.epoch = welcome.epoch;
    this.maxFrameSize = welcome.maxFrameSize;
    this.#connection = connection;
    this.#onError = options.onError;
    this.#maxWaiting = options.maxWaiting ?? 1_000;
    this.#maxWaitingBytes = options.maxWaitingBytes ?? 67_108_864;
    this.#host = {
      released: (messages, bytes) => this.#count(-messages, -bytes),
      commit: (topic, id) => this.#commit(topic, id),
      unsubscribe: (subscription) => this.#unsubscribe(subscription),
    };
    this.closed = new Promise((resolve) => {
      connection.attach({
        received: (frame) => this.#received(frame),
        gone: (error) => {
          for (const subscription of this.#subscriptions.values()) subscription.end(error);
          this.#subscriptions.clear();
          resolve(error);
        },
      });
    });
  }

  /**
   * Make a topic with settings of its own. Without this it comes into being by its first use, with 0 for both.
   *
   * @param settings - milliseconds; see `TopicSettings`
   */
  async createTopic(
    topic: string,
    settings: { retentionMs?: number; dedupeMs?: number } = {},
  ): Promise<void> {
    const { retentionMs = 0, dedupeMs = 0 } = settings;
    await this.#request((request) => ({ type: ClientType.CREATE, request, topic, retentionMs, dedupeMs }));
  }

  /** Publish a message and wait until the broker has it. `id` is 0 if it was dropped as a duplicate. */
  async publish(topic: string, payload: Payload, options: { key?: string } = {}): Promise<{ id: number }> {
    const { firstId } = await this.publishMany(topic, [{ payload, ...options }]);
    return { id: firstId };
  }

  /**
   * Publish messages as one batch, all or none: they have the ids firstId to firstId + count - 1.
   *
   * @throws LeveretError `TOO_LARGE` if they do not fit into one frame
   */
  async publishMany(
    topic: string,
    messages: readonly OutgoingMessage[],
  ): Promise<{ firstId: number; count: number }> {
    const records = this.#records(topic, messages);
    return this.#request(
      (request) => ({ type: ClientType.PUBLISH, request, topic, records }),
      (frame) => {
        if (frame.type !== BrokerType.PUBLISHED)
          throw new LeveretError('BAD_BROKER', 'not an answer to PUBLISH');
        return { firstId: frame.firstId, count: frame.count };
      },
    );
  }

  /**
   * Publish a message and do not ask what became of it (`onError` hears of a refusal). Resolves when the socket
   * takes more: awaiting it keeps the pace of the broker.
   */
  async send(topic: string, payload: Payload, options: { key?: string } = {}): Promise<void> {
    const records = this.#records(topic, [{ payload, ...options }]);
    if (this.#connection.send({ type: ClientType.PUBLISH, request: 0, topic, records })) return;
    await this.#connection.drained();
  }

  /** Subscribe to a topic. A second subscription to the same topic ends the first. */
  subscribe(topic: string, options: SubscribeOptions = {}): Promise<ClientSubscription> {
    const { from = 'latest', window = 0, onSkipped } = options;
    const start = from === 'earliest' ? Start.EARLIEST : from === 'latest' ? Start.LATEST : Start.AFTER;
    const after = typeof from === 'object' ? from.after : 0;
    return this.#request(
      (request) => ({ type: ClientType.SUBSCRIBE, request, topic, start, after, window, group: '' }),
      () => {
        // At once, and not when the promise is looked at: messages may follow the OK in the same read.
        this.#subscriptions.get(topic)?.end();
        const subscription = new ClientSubscription(topic, window, this.#host, onSkipped);
        this.#subscriptions.set(topic, subscription);
        return subscription;
      },
    );
  }

  /** Messages that were published for this client's subscriptions and are not settled yet. */
  lag(): Promise<number> {
    return this.#request(
      (request) => ({ type: ClientType.LAG, request }),
      (frame) => (frame.type === BrokerType.LAG ? frame.messages : 0),
    );
  }

  /** Ask for a sign of life. Resolves with the milliseconds that it took. */
  async ping(): Promise<number> {
    const start = performance.now();
    const answer = this.#connection.ping();
    this.#adjustReading();
    await answer;
    return performance.now() - start;
  }

  /** Say goodbye, and resolve when the connection is gone. Subscriptions end. Calling it again changes nothing. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** `await using client = ...` closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #request<T = void>(
    makeFrame: Parameters<ClientConnection['request']>[0],
    onAnswer: (frame: BrokerFrame) => T = () => undefined as T,
  ): Promise<T> {
    const answer = this.#connection.request(makeFrame, (frame) => {
      const result = onAnswer(frame);
      // This request no longer waits: the next look may stop reading.
      queueMicrotask(() => this.#adjustReading());
      return result;
    });
    this.#adjustReading();
    return answer;
  }

  #received(frame: BrokerFrame): void {
    if (frame.type === BrokerType.MESSAGES) {
      this.#deliver(frame.topic, frame.firstId, frame.records);
    } else if (frame.type === BrokerType.SKIPPED) {
      this.#subscriptions.get(frame.topic)?.skipped({ fromId: frame.fromId, toId: frame.toId });
    } else if (frame.type === BrokerType.ERROR) {
      this.#onError?.(fromErrorFrame(frame.code, frame.reason, frame.request));
    }
  }

  #deliver(topic: string, firstId: number, records: readonly WireRecord[]): void {
    const subscription = this.#subscriptions.get(topic);
    if (subscription === undefined) return;
    const commit = (id: number) => subscription.commit(id);
    let id = firstId;
    let bytes = 0;
    for (const { key, payload } of records) {
      // The payload is lent; the message keeps a copy.
      const message = new ReceivedMessage(topic, id, fromKey(key), Buffer.from(payload), commit);
      bytes += waitingSize(message);
      subscription.deliver(message);
      id += 1;
    }
    this.#count(records.length, bytes);
  }

  #commit(topic: string, id: number): void {
    this.#connection.send({ type: ClientType.COMMIT, topic, id });
  }

  async #unsubscribe(subscription: ClientSubscription): Promise<void> {
    const { topic } = subscription;
    const isCurrent = this.#subscriptions.get(topic) === subscription;
    if (isCurrent) this.#subscriptions.delete(topic);
    subscription.end();
    if (!isCurrent) return;
    try {
      await this.#request((request) => ({ type: ClientType.UNSUBSCRIBE, request, topic }));
    } catch (error) {
      // The connection is gone, or going: so is the subscription.
      if (error instanceof LeveretError && !(error instanceof ProtocolError)) return;
      throw error;
    }
  }

  #count(messages: number, bytes: number): void {
    this.#waiting += messages;
    this.#waitingBytes += bytes;
    if (this.#waitingBytes > this.#maxWaitingBytes) {
      const message = `${this.#waitingBytes} bytes wait to be taken: subscribe with a window`;
      this.#connection.destroy(new LeveretError('OVERFLOW', message));
    }
    this.#adjustReading();
  }

  // #region reading
  /**
   * Read only while there is room for what comes. TCP then stops the broker, and its limit for lag holds. But
   * while a request waits we must read: its answer comes behind the messages that are under way.
   */
  #adjustReading(): void {
    this.#connection.setReading(this.#waiting < this.#maxWaiting || this.#connection.waiting);
  }
  // #endregion reading

  #records(topic: string, messages: readonly OutgoingMessage[]): WireRecord[] {
    const records: WireRecord[] = [];
    // What both PUBLISH and MESSAGES have before their records, at most.
    let size = 12 + Buffer.byteLength(topic);
    for (const { payload, key = '' } of messages) {
      const record = { key: toKey(key), payload: toBuffer(payload) };
      size += recordSize(record);
      records.push(record);
    }
    if (size > this.maxFrameSize || records.length > MAX_RECORDS) {
      const message = `${records.length} messages of ${size} bytes, but a frame takes ${MAX_RECORDS} and ${this.maxFrameSize}`;
      throw new LeveretError('TOO_LARGE', message);
    }
    return records;
  }
}

function toBuffer(payload: Payload): Buffer {
  if (typeof payload === 'string') return Buffer.from(payload);
  // A view: the bytes are copied when the frame is laid out, before this call ends.
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}

/** Keys are bytes; the codec holds them one byte to a character. */
function toKey(key: string): string {
  return Buffer.from(key).toString('latin1');
}

function fromKey(key: string): string {
  return key === '' ? key : Buffer.from(key, 'latin1').toString();
}
