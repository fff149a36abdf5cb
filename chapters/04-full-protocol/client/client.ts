import type { Socket } from 'node:net';
import { checkWhole, LeveretError, MAX_TIMEOUT_MS } from '#framing';
import { DEFAULT_HOST, openSocket } from '#framing/net';
import { PROTOCOL_VERSION, Start, type WireRecord } from '../index.ts';
import { type Answer, ClientConnection } from './connection.ts';
import type { ClientOptions, OutgoingMessage, Payload, SubscribeOptions } from './options.ts';
import { ClientSubscription, type SubscriptionHost } from './subscription.ts';

/**
 * Connects to a broker.
 *
 * ```ts
 * await using client = await connect({ port: 8899, name: 'alice' });
 * const { id } = await client.publish('news', 'hello');
 * ```
 *
 * @throws LeveretError `REFUSED`, `TIMEOUT` or `BAD_BROKER`; ProtocolError when the broker refuses (`FULL`, `SHUTDOWN`)
 * @throws OptionError for an option out of range
 */
export async function connect(options: ClientOptions): Promise<Client> {
  const { host = DEFAULT_HOST, port, name = '', timeoutMs = 10_000 } = options;
  checkWhole('timeoutMs', timeoutMs, 1, MAX_TIMEOUT_MS);
  const client = new Client(await openSocket(host, port), options);
  await client.hello(name, timeoutMs);
  return client;
}

/**
 * One connection to a broker: publishes and subscribes. Made by {@link connect}.
 *
 * Every method throws a `ProtocolError` with the broker's code when it refuses, and a `LeveretError` when the
 * connection is gone: `DISCONNECTED`, or `CLOSED` after `close`.
 */
export class Client implements AsyncDisposable {
  /** Number of this connection at the broker. */
  connectionId = 0;
  /** Number of this life of the broker's topics: ids of one epoch only can be compared. */
  epoch = 0;
  readonly #connection: ClientConnection;
  readonly #subscriptions = new Map<string, ClientSubscription>();
  readonly #subscriptionHost: SubscriptionHost;
  #lastRequest = 0;

  /** @hidden Made by {@link connect}. */
  constructor(socket: Socket, { maxWaitingBytes = 1_048_576, onError }: ClientOptions) {
    checkWhole('maxWaitingBytes', maxWaitingBytes, 1, Number.MAX_SAFE_INTEGER);
    const received = (frame: Answer<'MESSAGES' | 'SKIPPED'>) => this.#received(frame);
    // What is refused before the WELCOME is the HELLO.
    const refused = (error: LeveretError) =>
      this.epoch === 0 ? connection.destroy(error) : onError?.(error);
    const gone = (error?: LeveretError) => {
      for (const subscription of this.#subscriptions.values()) subscription.end(error);
    };
    const connection = new ClientConnection(socket, { received, refused, gone }, maxWaitingBytes);
    this.#connection = connection;
    this.#subscriptionHost = {
      waiting: (bytes) => connection.count(bytes),
      commit: (topic, id) => connection.send({ type: 'COMMIT', topic, id }),
      unsubscribe: (subscription) => this.#unsubscribe(subscription),
    };
  }

  /** @hidden For {@link connect}. */
  hello(name: string, timeoutMs: number): Promise<void> {
    const timeout = new LeveretError('TIMEOUT', `no welcome from the broker within ${timeoutMs} ms`);
    const timer = setTimeout(() => this.#connection.destroy(timeout), timeoutMs);
    const frame = { type: 'HELLO', version: PROTOCOL_VERSION, name, token: '' } as const;
    const welcomed = this.#connection.request(frame, 'WELCOME', ({ connectionId, epoch, maxFrameSize }) => {
      Object.assign(this, { connectionId, epoch });
      this.#connection.maxFrameSize = maxFrameSize;
    });
    const giveUp = (error: LeveretError) => {
      this.#connection.destroy(error);
      throw error;
    };
    return welcomed.catch(giveUp).finally(() => clearTimeout(timer));
  }

  /** Makes a topic with settings of its own. Without this it comes into being by its first use, with 0 for both. */
  createTopic(topic: string, settings: { retentionMs?: number; dedupeMs?: number } = {}): Promise<void> {
    const { retentionMs = 0, dedupeMs = 0 } = settings;
    const frame = { type: 'CREATE', request: this.#nextRequest(), topic, retentionMs, dedupeMs } as const;
    return this.#connection.request(frame, 'OK', () => {});
  }

  /** Publishes a message and waits until the broker has it. `id` is 0 if it was dropped as a duplicate. */
  async publish(topic: string, payload: Payload, options: { key?: string } = {}): Promise<{ id: number }> {
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
    const frame = {
      type: 'PUBLISH',
      request: this.#nextRequest(),
      topic,
      records: messages.map(toRecord),
    } as const;
    return this.#connection.request(frame, 'PUBLISHED', ({ firstId, count }) => ({ firstId, count }));
  }

  /**
   * Publishes a message and does not ask what became of it (`onError` hears of a refusal). Resolves when the socket
   * takes more: awaiting it keeps the pace of the broker.
   */
  send(topic: string, payload: Payload, options: { key?: string } = {}): Promise<void> {
    this.#connection.send({
      type: 'PUBLISH',
      request: 0,
      topic,
      records: [toRecord({ payload, ...options })],
    });
    return this.#connection.drained();
  }

  /** Subscribes to a topic. A second subscription to the same topic ends the first. */
  subscribe(topic: string, options: SubscribeOptions = {}): Promise<ClientSubscription> {
    const { from = 'latest', window = 0, onSkipped } = options;
    const start = from === 'earliest' ? Start.EARLIEST : from === 'latest' ? Start.LATEST : Start.AFTER;
    const after = typeof from === 'object' ? from.after : 0;
    const request = this.#nextRequest();
    const frame = { type: 'SUBSCRIBE', request, topic, start, after, window, group: '' } as const;
    return this.#connection.request(frame, 'OK', () => {
      // At once, and not when the promise is looked at: messages may follow the OK in the same read.
      this.#subscriptions.get(topic)?.end();
      const subscription = new ClientSubscription(topic, this.#subscriptionHost, onSkipped);
      this.#subscriptions.set(topic, subscription);
      return subscription;
    });
  }

  /** Messages that were published for this client's subscriptions and are not settled yet. */
  lag(): Promise<number> {
    return this.#connection.request(
      { type: 'LAG', request: this.#nextRequest() },
      'LAG',
      ({ messages }) => messages,
    );
  }

  /** Asks for a sign of life. Resolves with the milliseconds that it took. */
  ping(): Promise<number> {
    const start = performance.now();
    return this.#connection.request(
      { type: 'PING', bytes: Buffer.alloc(0) },
      'PONG',
      () => performance.now() - start,
    );
  }

  /** Says goodbye, and resolves when the connection is gone. Subscriptions end. Calling it again changes nothing. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  /** `await using client = ...` closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #nextRequest(): number {
    this.#lastRequest = (this.#lastRequest % 0xffff_ffff) + 1;
    return this.#lastRequest;
  }

  async #unsubscribe(subscription: ClientSubscription): Promise<void> {
    const { topic } = subscription;
    subscription.end();
    this.#subscriptions.delete(topic);
    const frame = { type: 'UNSUBSCRIBE', request: this.#nextRequest(), topic } as const;
    // Where the connection is gone, so is the subscription.
    await this.#connection.request(frame, 'OK', () => {}).catch(() => {});
  }

  #received(frame: Answer<'MESSAGES' | 'SKIPPED'>): void {
    const subscription = this.#subscriptions.get(frame.topic);
    if (frame.type === 'SKIPPED') subscription?.onSkipped?.({ fromId: frame.fromId, toId: frame.toId });
    else for (const [i, record] of frame.records.entries()) subscription?.deliver(frame.firstId + i, record);
  }
}

/** Keys are bytes; the wire holds them one byte to a character. */
function toRecord({ payload, key = '' }: OutgoingMessage): WireRecord {
  return { key: Buffer.from(key).toString('latin1'), payload: Buffer.from(payload) };
}
