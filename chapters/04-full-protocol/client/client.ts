import { checkWhole, LeveretError } from '#framing';
import { type BrokerFrame, type FrameNamed, Start, type WireRecord } from '../wire/index.ts';
import { ClientConnection, type ConnectOptions } from './connection.ts';
import { ClientSubscription, ReceivedMessage, type SkippedIds, waitingSize } from './subscription.ts';

/** Options of {@link connect}. */
export interface ClientOptions extends ConnectOptions {
  /**
   * Bytes of messages that may wait to be taken before the client stops reading from its socket. While an answer is
   * awaited it must read on, because the answer comes behind the messages: at 64 times as many bytes it
   * gives the connection up with the error `OVERFLOW`. @defaultValue 1,048,576
   */
  readonly maxWaitingBytes?: number;
  /** Called when something is refused that nobody waits for: an unconfirmed publish, a commit. @defaultValue it is lost */
  readonly onError?: (error: LeveretError) => void;
}

/** What to publish. */
export interface OutgoingMessage {
  /** The content: text is sent as UTF-8. */
  readonly payload: string | Uint8Array;
  /** Name of the message for dedupe, at most 128 bytes of UTF-8. @defaultValue none */
  readonly key?: string;
}

/** How to subscribe. */
export interface SubscribeOptions {
  /** Where to begin: all that is retained, only what comes, or after an id. @defaultValue `'latest'` */
  readonly from?: 'earliest' | 'latest' | { readonly after: number };
  /** Most messages delivered and not committed, 0 to 65,535; 0 = no limit, no commits. @defaultValue 0 */
  readonly window?: number;
  /** Called for ids that will never come. @defaultValue they are passed over */
  readonly onSkipped?: (ids: SkippedIds) => void;
}

/** How many times `maxWaitingBytes` may wait while an answer is awaited. */
const OVERFLOW_FACTOR = 64;

/**
 * Connects to a broker.
 *
 * ```ts
 * await using client = await connect({ port: 8899, name: 'alice' });
 * const { id } = await client.publish('news', 'hello');
 * ```
 *
 * @throws LeveretError `REFUSED`, `TIMEOUT` or `BAD_BROKER`; ProtocolError when the broker refuses (`DENIED`, `FULL`)
 */
export function connect(options: ClientOptions): Promise<Client> {
  return ClientConnection.open(options, (connection, welcome) => new Client(connection, welcome, options));
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
  /** Number of this life of the broker's topics: ids of one epoch only can be compared. */
  readonly epoch: number;
  /** Size of the largest frame that the broker takes. */
  readonly maxFrameSize: number;
  /** Resolves when the connection is gone: with the error, or with `undefined` after `close`. */
  readonly closed: Promise<LeveretError | undefined>;
  readonly #connection: ClientConnection;
  readonly #maxWaitingBytes: number;
  readonly #subscriptions = new Map<string, ClientSubscription>();
  #waitingBytes = 0;
  #lastRequest = 0;

  /** @hidden Made by {@link connect}. */
  constructor(
    connection: ClientConnection,
    { connectionId, epoch, maxFrameSize }: FrameNamed<BrokerFrame, 'WELCOME'>,
    { maxWaitingBytes = 1_048_576, onError }: ClientOptions,
  ) {
    this.connectionId = connectionId;
    this.epoch = epoch;
    this.maxFrameSize = maxFrameSize;
    this.#connection = connection;
    this.#maxWaitingBytes = checkWhole('maxWaitingBytes', maxWaitingBytes, 1, Number.MAX_SAFE_INTEGER);
    this.closed = new Promise((resolve) => {
      connection.handlers = {
        received: (frame) => this.#received(frame),
        refused: (error) => onError?.(error),
        gone: (error) => {
          for (const subscription of this.#subscriptions.values()) subscription.end(error);
          resolve(error);
        },
      };
    });
  }

  /** Makes a topic with settings of its own. Without this it comes into being by its first use, with 0 for both. */
  createTopic(topic: string, settings: { retentionMs?: number; dedupeMs?: number } = {}): Promise<void> {
    const { retentionMs = 0, dedupeMs = 0 } = settings;
    const request = this.#nextRequest();
    return this.#connection.request({ type: 'CREATE', request, topic, retentionMs, dedupeMs }, () => {});
  }

  /** Publishes a message and waits until the broker has it. `id` is 0 if it was dropped as a duplicate. */
  async publish(
    topic: string,
    payload: string | Uint8Array,
    options: { key?: string } = {},
  ): Promise<{ id: number }> {
    const { firstId } = await this.publishMany(topic, [{ payload, ...options }]);
    return { id: firstId };
  }

  /**
   * Publishes messages as one batch, all or none: they have the ids firstId to firstId + count - 1.
   *
   * @throws LeveretError `TOO_LARGE` if they do not fit into one frame
   */
  publishMany(
    topic: string,
    messages: readonly OutgoingMessage[],
  ): Promise<{ firstId: number; count: number }> {
    const frame = { type: 'PUBLISH', request: this.#nextRequest(), topic, records: messages.map(toRecord) } as const;
    return this.#connection.request(frame, ({ firstId, count }) => ({ firstId, count }));
  }

  /**
   * Publishes a message and does not ask what became of it (`onError` hears of a refusal). Resolves when the socket
   * takes more: awaiting it keeps the pace of the broker.
   */
  async send(topic: string, payload: string | Uint8Array, options: { key?: string } = {}): Promise<void> {
    this.#connection.send({ type: 'PUBLISH', request: 0, topic, records: [toRecord({ payload, ...options })] });
    await this.#connection.drained();
  }

  /** Subscribes to a topic. A second subscription to the same topic ends the first. */
  subscribe(topic: string, options: SubscribeOptions = {}): Promise<ClientSubscription> {
    const { from = 'latest', window = 0, onSkipped } = options;
    const start = from === 'earliest' ? Start.EARLIEST : from === 'latest' ? Start.LATEST : Start.AFTER;
    const after = typeof from === 'object' ? from.after : 0;
    const request = this.#nextRequest();
    return this.#connection.request(
      { type: 'SUBSCRIBE', request, topic, start, after, window, group: '' },
      () => {
        // At once, and not when the promise is looked at: messages may follow the OK in the same read.
        this.#subscriptions.get(topic)?.end();
        const subscription = new ClientSubscription(topic, this.#host, onSkipped);
        this.#subscriptions.set(topic, subscription);
        return subscription;
      },
    );
  }

  /** Messages that were published for this client's subscriptions and are not settled yet. */
  lag(): Promise<number> {
    return this.#connection.request({ type: 'LAG', request: this.#nextRequest() }, ({ messages }) => messages);
  }

  /** Asks for a sign of life. Resolves with the milliseconds that it took. */
  ping(): Promise<number> {
    const start = performance.now();
    return this.#connection.request({ type: 'PING', bytes: Buffer.alloc(0) }, () => performance.now() - start);
  }

  /** Says goodbye, and resolves when the connection is gone. Subscriptions end. Calling it again changes nothing. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  /** `await using client = ...` closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #received(frame: BrokerFrame): void {
    if (frame.type !== 'MESSAGES' && frame.type !== 'SKIPPED') return;
    const { topic } = frame;
    const subscription = this.#subscriptions.get(topic);
    if (frame.type === 'SKIPPED') return subscription?.skipped({ fromId: frame.fromId, toId: frame.toId });
    let id = frame.firstId;
    for (const { key, payload } of frame.records) {
      // The payload is lent; the message keeps a copy.
      const name = Buffer.from(key, 'latin1').toString();
      subscription?.deliver(new ReceivedMessage(topic, id, name, Buffer.from(payload)));
      id += 1;
    }
  }
}
