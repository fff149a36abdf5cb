import type { Socket } from 'node:net';
import { RequestSocket } from '#broadcast/server';
import { LeveretError } from '#framing';
import { DEFAULT_HOST, openSocket } from '#framing/net';
import type { TopicSettings } from '#topics';
import * as wire from '../index.ts';
import { ClientSubscription, type SubscribeOptions, type SubscriptionHost } from './subscription.ts';

// step 4.9: requests and their answers

/** Bytes of messages that may wait to be taken before the client stops reading from its socket. */
const MAX_WAITING_BYTES = 1_048_576;

/** Options of `connect`. */
export interface ClientOptions {
  /** @defaultValue `127.0.0.1` */
  readonly host?: string;
  readonly port: number;
  /** What to call oneself, for the broker's log; at most 255 bytes. @defaultValue `''` */
  readonly name?: string;
  /** Called when a commit is refused: nobody waits for its answer. @defaultValue it is not told */
  readonly onError?: (error: LeveretError) => void;
}

/** What to publish. */
export interface OutgoingMessage {
  /** The content: text is sent as UTF-8. */
  readonly payload: Payload;
  /** Name of the message for dedupe, at most 128 bytes of UTF-8. @defaultValue none */
  readonly key?: string;
}

/** The content of a message: text is sent as UTF-8. */
export type Payload = string | Uint8Array;

/** A frame of the broker, by its name. */
type Answer<N extends wire.BrokerFrame['type']> = wire.FrameNamed<wire.BrokerFrame, N>;

/**
 * Connects to a broker.
 *
 * ```ts
 * await using client = await connect({ port: 8899, name: 'alice' });
 * const { id } = await client.publish('news', 'hello');
 * ```
 *
 * @throws LeveretError `REFUSED`, `BAD_BROKER`, or with the broker's code when it refuses (`FULL`, `SHUTDOWN`)
 * @throws OptionError for an option out of range
 */
export async function connect(options: ClientOptions): Promise<Client> {
  // #region connect
  const { host = DEFAULT_HOST, port, name = '', onError } = options;
  const hello = { type: 'HELLO', version: wire.PROTOCOL_VERSION, name, token: '' } as const;
  // A name that does not fit is refused before there is a connection.
  wire.clientCodec.encode(hello);
  const client = new Client(await openSocket(host, port), onError);
  await client.hello(hello);
  return client;
  // #endregion connect
}

/**
 * One connection to a broker: publishes and subscribes. Made by {@link connect}.
 *
 * Every method throws a `LeveretError`: with the broker's code when it refuses, and when the connection is gone with
 * `DISCONNECTED`, or `CLOSED` after `close`.
 *
 * While more than a mebibyte of messages waits to be taken, it does not read from its socket, unless an answer is
 * awaited: that comes behind the messages. Who awaits answers and takes no messages should have a window.
 */
export class Client implements SubscriptionHost, AsyncDisposable {
  /** Number of this connection at the broker. */
  connectionId = 0;
  /** Ids of one epoch of the broker only can be compared. */
  epoch = 0;
  // #region made
  readonly #socket: RequestSocket<wire.BrokerFrame>;
  readonly #onError: (error: LeveretError) => void;
  readonly #subscriptions = new Map<string, ClientSubscription>();
  #waitingBytes = 0;

  /** @hidden Made by {@link connect}. */
  constructor(socket: Socket, onError: ClientOptions['onError'] = () => {}) {
    this.#onError = onError;
    this.#socket = new RequestSocket(socket, wire.HELLO_FRAME_LIMIT, {
      onFrame: (...frame) => this.#onFrame(wire.brokerCodec.decode(...frame)),
      hasRoom: () => this.#waitingBytes < MAX_WAITING_BYTES,
      onClose: (failure) => {
        for (const subscription of this.#subscriptions.values()) subscription.end(failure);
      },
    });
  }

  /** @hidden For {@link connect}. */
  async hello(frame: wire.FrameNamed<wire.ClientFrame, 'HELLO'>): Promise<void> {
    await this.#request(frame, 'WELCOME', ({ connectionId, epoch, maxFrameSize }) => {
      Object.assign(this, { connectionId, epoch });
      this.#socket.limit = maxFrameSize;
    });
  }
  // #endregion made

  /** Makes a topic with settings of its own. Without this it comes into being by its first use, with 0 for both. */
  async createTopic(topic: string, settings: Partial<TopicSettings> = {}): Promise<void> {
    const { retentionMs = 0, dedupeMs = 0 } = settings;
    const request = this.#socket.number();
    await this.#request({ type: 'CREATE', request, topic, retentionMs, dedupeMs }, 'OK');
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
  publishMany(topic: string, messages: readonly OutgoingMessage[]): Promise<Answer<'PUBLISHED'>> {
    const records = messages.map(toRecord);
    return this.#request({ type: 'PUBLISH', request: this.#socket.number(), topic, records }, 'PUBLISHED');
  }

  // #region subscribe
  /** Subscribes to a topic. A second subscription to the same topic ends the first. */
  async subscribe(topic: string, options: SubscribeOptions = {}): Promise<ClientSubscription> {
    // step 4.10: the messages of a subscription
    const { from = 'latest', window = 0, onSkipped } = options;
    const start = from === 'earliest' ? wire.Start.EARLIEST : wire.Start.LATEST;
    const place = typeof from === 'object' ? { start: wire.Start.AFTER, ...from } : { start, after: 0 };
    const request = this.#socket.number();
    const frame = { type: 'SUBSCRIBE', request, topic, ...place, window, group: '' } as const;
    const subscription = new ClientSubscription(topic, this, onSkipped);
    // At once, and not when the promise is looked at: messages may follow the OK in the same read.
    await this.#request(frame, 'OK', () => {
      this.#subscriptions.get(topic)?.end();
      this.#subscriptions.set(topic, subscription);
    });
    return subscription;
  }

  /** All messages of a topic up to this id have been dealt with. */
  commit(topic: string, id: number): void {
    // step 4.10: the messages of a subscription
    this.#socket.send(wire.clientCodec.encode({ type: 'COMMIT', topic, id }));
  }

  /** @hidden `ClientSubscription.unsubscribe` */
  async unsubscribe(subscription: ClientSubscription): Promise<void> {
    // step 4.10: the messages of a subscription
    const { topic } = subscription;
    subscription.end();
    this.#subscriptions.delete(topic);
    // Where the connection is gone, so is the subscription.
    await this.#request({ type: 'UNSUBSCRIBE', request: this.#socket.number(), topic }, 'OK').catch(() => {});
  }
  // #endregion subscribe

  /** Messages that were published for this client's subscriptions and are not settled yet. */
  async lag(): Promise<number> {
    return (await this.#request({ type: 'LAG', request: this.#socket.number() }, 'LAG')).messages;
  }

  /** Asks whether the broker answers. Resolves with the milliseconds that it took. */
  async ping(): Promise<number> {
    const start = performance.now();
    await this.#request({ type: 'PING', bytes: Buffer.alloc(0) }, 'PONG');
    return performance.now() - start;
  }

  /** Says goodbye, and resolves when the connection is gone. Subscriptions end. Calling it again changes nothing. */
  close(): Promise<void> {
    return this.#socket.close(wire.clientCodec.encode({ type: 'CLOSE' }));
  }

  /** `await using client = ...` closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // #region request
  /**
   * Sends a request and waits for its answer.
   *
   * @param expected - the frame that answers it when all goes well
   * @param onAnswer - called before any later frame is looked at
   * @throws LeveretError when the broker refuses, or the connection is gone
   */
  async #request<N extends wire.BrokerFrame['type']>(
    frame: wire.ClientFrame,
    expected: N,
    onAnswer: (answer: Answer<N>) => void = () => {},
  ): Promise<Answer<N>> {
    return this.#socket.request(wire.clientCodec.encode(frame), (answer) => {
      if (answer.type !== expected || requestOf(answer) !== requestOf(frame))
        throw new LeveretError('BAD_BROKER', `${answer.type} does not answer this ${frame.type}`);
      onAnswer(answer as Answer<N>);
      return answer as Answer<N>;
    });
  }
  // #endregion request

  // #region reading
  /**
   * @hidden For subscriptions: so many bytes wait to be taken, or no more. Beyond the limit the client stops reading: TCP
   * then stops the broker, and the broker's limit for lag holds.
   */
  waiting(bytes: number): void {
    // step 4.10: the messages of a subscription
    this.#waitingBytes += bytes;
    if (bytes < 0) this.#socket.adjustReading();
  }
  // #endregion reading

  // #region on-frame
  #onFrame(frame: wire.BrokerFrame): void {
    if (frame.type === 'MESSAGES' || frame.type === 'SKIPPED')
      this.#subscriptions.get(frame.topic)?.receive(frame);
    else if (frame.type === 'CLOSING') this.#socket.lost(frame.reason);
    else if (frame.type === 'ERROR') this.#onErrorFrame(frame);
    else if (frame.type === 'PING') this.#socket.reply(wire.clientCodec.encode({ ...frame, type: 'PONG' }));
    else this.#socket.settle(frame);
  }

  #onErrorFrame({ request, code, reason }: Answer<'ERROR'>): void {
    const error = new LeveretError(wire.errorName(code) ?? `ERROR_${code}`, reason);
    // Before the WELCOME it is the HELLO that was refused.
    if (wire.isFatal(code) || this.epoch === 0) this.#socket.fail(error);
    else if (request === 0 || !this.#socket.refuse(error)) this.#onError(error);
  }
  // #endregion on-frame
}

// #region records
/** Keys are bytes; the wire holds them one byte to a character. */
function toRecord({ payload, key = '' }: OutgoingMessage): wire.WireRecord {
  return { key: Buffer.from(key).toString('latin1'), payload: Buffer.from(payload) };
}

/** The number of a request, or of its answer; a PING and a PONG have none. */
function requestOf(frame: wire.ClientFrame | wire.BrokerFrame): number {
  return 'request' in frame ? frame.request : 0;
}
// #endregion records
