import type { LeveretError } from '#framing';
import { ASYNC_DISPOSE } from './async-dispose.ts';
import { type CloseOptions, type ConnectOptions, readConnectOptions } from './connect-options.ts';
import { Engine } from './engine.ts';
import { readingOptions } from './errors.ts';
import type { ClientEvents, ClientStatus } from './events.ts';
import type { Message } from './message.ts';
import type { Platform } from './platform.ts';
import type {
  Confirmation,
  ConfirmOptions,
  Payload,
  PublishOptions,
  TopicOptions,
} from './publish-options.ts';
import { type RequestHandler, type RequestOptions, type RespondOptions, respond } from './requests.ts';
import type { SubscribeOptions } from './subscribe-options.ts';
import type { Subscription } from './subscription.ts';
import { type Ask, type PurgeOptions, purgeTopic, type TopicInfo, topicInfo } from './topic-requests.ts';
import { throwIfAborted, type WaitOptions } from './wait.ts';

/**
 * A client of a leveret broker, made by `connect`. It comes back by itself when its connection is lost.
 *
 * What is published in one turn of the event loop goes out together. Every method that waits takes an `AbortSignal`. Errors
 * are of the class LeveretError, and their `code` says what it was: the broker's own codes (`DENIED`, `BAD_TOPIC`, ...), or
 * `DISCONNECTED`, `CLOSED`, `TIMEOUT`, `ABORTED`, `OVERFLOW`, `TOO_LARGE`.
 */
export class Client implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #ask: Ask;
  #closing: Promise<void> | undefined;

  private constructor(engine: Engine) {
    this.#engine = engine;
    this.#ask = engine.asking.ask.bind(engine.asking);
  }

  /**
   * Connects. For `connect` of Node and of the browser, which choose the platform.
   *
   * @internal
   * @throws LeveretError
   */
  static async connect(
    platform: Platform,
    url: string | readonly string[],
    options: ConnectOptions,
  ): Promise<Client> {
    const urls = typeof url === 'string' ? [url] : url;
    const engine = new Engine(
      platform,
      urls,
      readingOptions(() => readConnectOptions(options)),
    );
    await engine.link.start();
    return new Client(engine);
  }

  /** The state of its connection. */
  get status(): ClientStatus {
    return this.#engine.state.status;
  }

  /** Number of the broker's logs: only ids of one epoch can be compared. */
  get epoch(): number {
    return this.#engine.epoch;
  }

  /** Number of the connection at the broker; another one after each reconnect. */
  get connectionId(): number {
    return this.#engine.connectionId;
  }

  /** Size of the largest frame that the broker takes. A message must fit into one, with some bytes to spare. */
  get maxFrameSize(): number {
    return this.#engine.publisher.maxFrameSize;
  }

  /** Resolves when the client is closed for good: with the error that closed it, or with undefined after `close`. */
  get closed(): Promise<LeveretError | undefined> {
    return this.#engine.link.closed.then((error) => (error.code === 'CLOSED' ? undefined : error));
  }

  /**
   * Hears of changes of status, and of errors that no promise tells.
   *
   * @returns a function that ends it
   *
   * @example
   * ```ts
   * client.on('status', ({ status, error }) => console.log(status, error?.message ?? ''));
   * ```
   */
  on<K extends keyof ClientEvents>(event: K, listener: (event: ClientEvents[K]) => void): () => void {
    return this.#engine.emitter.on(event, listener);
  }

  /**
   * Publishes a message. Its bytes are copied before this returns.
   *
   * Without `confirm` nobody hears what becomes of it, other than by the event `error`: what was on its way when a
   * connection is lost is lost too. With `confirm` the promise resolves once the broker has it, and rejects with
   * `DISCONNECTED` when that cannot be known.
   *
   * @throws ProtocolError `BAD_TOPIC`, `BAD_KEY`; LeveretError `TOO_LARGE`, `OVERFLOW`, `CLOSED`
   *
   * @example
   * ```ts
   * client.publish('news', 'hello');
   * const { id } = await client.publish('news', 'hello', { confirm: true });
   * ```
   */
  publish(topic: string, payload: Payload, options: ConfirmOptions): Promise<Confirmation>;
  publish(topic: string, payload: Payload, options?: PublishOptions & { readonly confirm?: false }): void;
  publish(topic: string, payload: Payload, options?: PublishOptions): Promise<Confirmation> | undefined {
    if (options === undefined) this.#engine.publish(topic, payload, '');
    else if (options.confirm === true)
      return this.#engine.publishConfirmed(topic, payload, options as ConfirmOptions);
    else this.#engine.publish(topic, payload, options.key ?? '');
    return undefined;
  }

  /** False while more is published than the connection takes: then wait for `ready` before you publish more. */
  get writable(): boolean {
    return this.#engine.writable;
  }

  /**
   * Resolves when there is room to publish more: at once, as a rule.
   *
   * @throws LeveretError `CLOSED`, `ABORTED`, `TIMEOUT`, or what closed the client
   *
   * @example
   * ```ts
   * for (const line of lines) {
   *   client.publish('lines', line);
   *   if (!client.writable) await client.ready();
   * }
   * ```
   */
  ready(options: WaitOptions = {}): Promise<void> {
    return this.#engine.room.ready(options);
  }

  /**
   * Makes a topic with settings of its own; without this it comes into being by its first use, with 0 for both. It is
   * repeated when the broker has begun anew.
   *
   * @throws ProtocolError `TOPIC_EXISTS` when it has other settings, `BAD_TOPIC`, `DENIED`, `LIMIT`
   *
   * @example
   * ```ts
   * await client.createTopic('orders', { retentionMs: 60_000, dedupeMs: 10_000 });
   * ```
   */
  createTopic(topic: string, options: TopicOptions = {}): Promise<void> {
    return this.#engine.topics.create(topic, options);
  }

  /**
   * Takes a topic away: its messages, its settings, its keys and the places of groups. Who subscribes to it stays subscribed, is
   * told by `onSkipped` what will never come, and gets what is published to the name afterwards. Ids go on.
   *
   * @throws ProtocolError `NO_TOPIC` when there is none, `DENIED`, `BAD_TOPIC`, `UNSUPPORTED` by a broker of the chapters;
   * LeveretError `DISCONNECTED` when it cannot be known whether it was deleted
   *
   * @example
   * ```ts
   * await client.deleteTopic('orders');
   * ```
   */
  deleteTopic(topic: string, options: WaitOptions = {}): Promise<void> {
    return this.#engine.topics.delete(topic, options);
  }

  /**
   * Takes away the messages of a topic, all or those up to an id. Settings, keys and subscriptions stay; subscribers that have not
   * got them are told by `onSkipped`.
   *
   * @throws OptionError for an `upTo` below 1; errors as {@link Client.deleteTopic}
   *
   * @example
   * ```ts
   * await client.purgeTopic('orders', { upTo: 41 });
   * ```
   */
  purgeTopic(topic: string, options: PurgeOptions = {}): Promise<void> {
    return purgeTopic(this.#ask, topic, options);
  }

  /**
   * Asks what a topic holds.
   *
   * @throws ProtocolError `NO_TOPIC` when there is none, `DENIED`, `BAD_TOPIC`, `UNSUPPORTED` by a broker of the chapters
   *
   * @example
   * ```ts
   * const { firstId, lastId, readers } = await client.topicInfo('orders');
   * ```
   */
  topicInfo(topic: string, options: WaitOptions = {}): Promise<TopicInfo> {
    return topicInfo(this.#ask, topic, options);
  }

  /**
   * Subscribes to a topic, or to all that a pattern matches: tokens between dots, where `*` is any one and `>` at the end any
   * number. Resolves when the broker has agreed. Subscriptions are independent of one another. Handlers of the same topic
   * without window, group and start share one on the wire; another that meets those of this client, in the same topic or by a
   * pattern, gets a connection of its own.
   *
   * @throws ProtocolError `DENIED`, `BAD_TOPIC`, `OUT_OF_RANGE`, `LIMIT`; LeveretError `CLOSED`, `ABORTED`, `TIMEOUT`
   *
   * @example
   * ```ts
   * const subscription = await client.subscribe('news.>', {
   *   onMessage: (message) => console.log(message.topic, message.text()),
   * });
   * ```
   */
  subscribe(topic: string, options: SubscribeOptions = {}): Promise<Subscription> {
    return this.#engine.subscriber.subscribe(topic, options);
  }

  /**
   * Publishes a request and waits for the first reply of those who `respond`.
   *
   * @throws LeveretError `TIMEOUT` when nobody replies, `HANDLER_FAILED` when the responder failed, `DISCONNECTED`
   *
   * @example
   * ```ts
   * const reply = await client.request('time', 'now?', { timeout: 1_000 });
   * console.log(reply.text());
   * ```
   */
  async request(topic: string, payload: Payload, options: RequestOptions = {}): Promise<Message> {
    this.#engine.refuseClosed();
    throwIfAborted(options.signal, `the request to ${topic}`);
    return this.#engine.requests.request(topic, payload, options);
  }

  /**
   * Answers the requests to a topic. What the handler returns is the reply; what it throws rejects the requester's promise.
   *
   * @returns the subscription, to end it by
   *
   * @example
   * ```ts
   * await client.respond('time', () => new Date().toISOString(), { group: 'clocks' });
   * ```
   */
  respond(topic: string, handler: RequestHandler, options: RespondOptions = {}): Promise<Subscription> {
    return respond(this.#engine.requestsHost, topic, handler, options);
  }

  /**
   * Messages that the broker holds for this client: published for its subscriptions, and not yet committed or sent.
   *
   * @throws LeveretError `DISCONNECTED`
   */
  lag(options: WaitOptions = {}): Promise<number> {
    return this.#engine.lag(options);
  }

  /** Asks the broker for an answer, by PING. Resolves with the milliseconds that it took. */
  ping(options: WaitOptions = {}): Promise<number> {
    return this.#engine.asking.ping(options);
  }

  /**
   * Resolves when the broker has dealt with all that was published before, and all of it that asked for confirmation is
   * confirmed.
   *
   * @throws LeveretError `DISCONNECTED` when the connection is lost meanwhile
   */
  async flush(options: WaitOptions = {}): Promise<void> {
    // The broker takes frames in their order: once it answers this one it has dealt with the others.
    await this.ping(options);
  }

  /**
   * Sends what waits, says goodbye and ends. Subscriptions end. Calling it again changes nothing.
   *
   * @example
   * ```ts
   * await client.close({ deadline: 1_000 });
   * ```
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#engine.close(options.deadline ?? 5_000);
    return this.#closing;
  }

  /** Closes the client: see {@link Client.close}. For `await using`. */
  [ASYNC_DISPOSE](): Promise<void> {
    return this.close();
  }
}
