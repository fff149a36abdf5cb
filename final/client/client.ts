import { LeveretError } from '#framing';
import { BrokerType, hasPattern } from '#protocol';
import type { Connection, Request, Welcome } from './connection.ts';
import { defer, throwIfAborted, waitFor } from './deferred.ts';
import { type ClientEvents, type ClientStatus, Emitter } from './events.ts';
import { Feed, type FeedHost } from './feed.ts';
import { Link } from './link.ts';
import type { Message } from './message.ts';
import {
  type ClientSettings,
  type CloseOptions,
  type Confirmation,
  type ConfirmOptions,
  type ConnectOptions,
  checkNumber,
  type Payload,
  type PublishOptions,
  type RequestOptions,
  type RespondOptions,
  readConnectOptions,
  type SubscribeOptions,
  type TopicOptions,
  type WaitOptions,
} from './options.ts';
import type { Platform } from './platform.ts';
import { checkName, Publisher } from './publisher.ts';
import { type RequestHandler, Requests, type RequestsHost, respond } from './requests.ts';
import { Subscription } from './subscription.ts';
import { Subscriptions } from './subscriptions.ts';
import { TopicMemory } from './topic-memory.ts';
import type { Answer } from './wire.ts';

/**
 * A client of a leveret broker, made by `connect`. It comes back by itself when its connection is lost.
 *
 * What is published in one turn of the event loop goes out together. Every method that waits takes an `AbortSignal`. Errors
 * are of the class LeveretError, and their `code` says what it was: the broker's own codes (`DENIED`, `BAD_TOPIC`, ...), or
 * `DISCONNECTED`, `CLOSED`, `TIMEOUT`, `ABORTED`, `OVERFLOW`, `TOO_LARGE`.
 */
export class Client implements AsyncDisposable {
  readonly #platform: Platform;
  readonly #settings: ClientSettings;
  readonly #emitter = new Emitter();
  readonly #link: Link;
  readonly #publisher: Publisher;
  readonly #subscriptions: Subscriptions;
  readonly #requests: Requests;
  readonly #topics = new TopicMemory();
  readonly #feedHost: FeedHost;
  readonly #requestsHost: RequestsHost;
  readonly #whenWritable: (() => void)[] = [];
  readonly #whenUp: ((error?: LeveretError) => void)[] = [];
  #epoch = 0;
  #connectionId = 0;
  #queuedBytes = 0;
  #scheduled = false;
  #closing: Promise<void> | undefined;

  /** For {@link Client.connect}. */
  private constructor(platform: Platform, urls: readonly string[], settings: ClientSettings) {
    this.#platform = platform;
    this.#settings = settings;
    this.#publisher = new Publisher(
      platform,
      settings,
      () => this.#flush(),
      () => this.#schedule(),
      () => this.#wakePublishers(),
    );
    this.#subscriptions = new Subscriptions(platform, () => this.#schedule());
    this.#feedHost = {
      commitLater: (position) => this.#subscriptions.commitLater(position),
      queued: (bytes) => {
        this.#queuedBytes += bytes;
        this.#adjustReading();
      },
      callbackFailed: (feed, cause) => {
        const message = `a callback for ${feed.topic} has thrown: ${cause instanceof Error ? cause.message : String(cause)}`;
        this.#emitter.emit('error', new LeveretError('CALLBACK_FAILED', message, { cause }));
      },
      abandon: (feed, error) => {
        this.#unsubscribe(feed, error).catch(() => {});
      },
    };
    this.#requestsHost = {
      publish: (topic, payload, options) => this.publish(topic, payload, options),
      subscribe: (topic, options) => this.subscribe(topic, options),
      openInbox: (topic, onMessage) => {
        const feed = this.#feed(topic, { onMessage });
        feed.isEphemeral = true;
        this.#subscriptions.add(feed, this.#link.connection);
        return feed.established.promise;
      },
    };
    this.#requests = new Requests(this.#requestsHost);
    this.#link = new Link(
      platform,
      urls,
      settings,
      {
        messages: (bytes, start, end) => this.#subscriptions.messages(bytes, start, end),
        skipped: (topic, fromId, toId) => this.#subscriptions.skipped(topic, fromId, toId),
        refused: (error) => this.#emitter.emit('error', error),
        drained: () => this.#flush(),
        up: (connection, welcome) => this.#up(connection, welcome),
        down: (error, final) => this.#down(error, final),
      },
      this.#emitter,
    );
  }

  /**
   * Connects. For `connect` of Node and of the browser, which choose the platform.
   *
   * @throws LeveretError
   */
  static async connect(
    platform: Platform,
    url: string | readonly string[],
    options: ConnectOptions,
  ): Promise<Client> {
    const urls = typeof url === 'string' ? [url] : url;
    const client = new Client(platform, urls, readConnectOptions(options));
    await client.#link.start();
    return client;
  }

  /** Where it is in its life. */
  get status(): ClientStatus {
    return this.#link.state.status;
  }

  /** Number of this life of the broker's logs: ids of one epoch only can be compared. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Number of the connection at the broker; another one after each reconnect. */
  get connectionId(): number {
    return this.#connectionId;
  }

  /** Size of the largest frame that the broker takes. A message must fit into one, with some bytes to spare. */
  get maxFrameSize(): number {
    return this.#publisher.maxFrameSize;
  }

  /** Resolves when the client is closed for good: with the error that closed it, or with undefined after `close`. */
  get closed(): Promise<LeveretError | undefined> {
    return this.#link.closed.then((error) => (error.code === 'CLOSED' ? undefined : error));
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
    return this.#emitter.on(event, listener);
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
    if (options === undefined) {
      this.#refuseClosed();
      this.#publisher.publish(topic, payload, '');
      if (!this.#scheduled) this.#schedule();
      return undefined;
    }
    if (options.confirm === true) return this.#publishConfirmed(topic, payload, options as ConfirmOptions);
    this.#refuseClosed();
    this.#publisher.publish(topic, payload, options.key ?? '');
    if (!this.#scheduled) this.#schedule();
    return undefined;
  }

  /** False while more is published than the connection takes: then wait for `ready` before you publish more. */
  get writable(): boolean {
    return this.#publisher.hasRoom && this.#link.connection?.writable !== false;
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
  async ready(options: WaitOptions = {}): Promise<void> {
    this.#refuseClosed();
    throwIfAborted(options.signal, 'waiting to publish');
    // What this turn has published should count, and be on its way.
    this.#flush();
    while (!this.writable) {
      const room = defer<void>();
      this.#whenWritable.push(room.resolve);
      await waitFor(room.promise, options, 'waiting to publish');
      this.#refuseClosed();
    }
  }

  /**
   * Makes a topic with settings of its own; without this it comes into being by its first use, with 0 for both. Is it
   * repeated when the broker has begun anew.
   *
   * @throws ProtocolError `TOPIC_EXISTS` when it has other settings, `BAD_TOPIC`, `DENIED`, `LIMIT`
   *
   * @example
   * ```ts
   * await client.createTopic('orders', { retentionMs: 60_000, dedupeMs: 10_000 });
   * ```
   */
  async createTopic(topic: string, options: TopicOptions = {}): Promise<void> {
    const { retentionMs = 0, dedupeMs = 0 } = options;
    checkName(this.#platform, topic);
    checkNumber('retentionMs', retentionMs, 0, 0xffff_ffff);
    checkNumber('dedupeMs', dedupeMs, 0, 0xffff_ffff);
    await this.#ask(
      (connection, request) =>
        connection.frames.create(connection.expect(request), topic, retentionMs, dedupeMs),
      options,
      `creating ${topic}`,
      true,
    );
    this.#topics.set(topic, retentionMs, dedupeMs);
  }

  /**
   * Subscribes to a topic, or to all that a pattern matches: tokens between dots, where `*` is any one and `>` at the end any
   * number. Resolves when the broker has agreed. A second subscription to the same topic takes the place of the first.
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
  async subscribe(topic: string, options: SubscribeOptions = {}): Promise<Subscription> {
    this.#refuseClosed();
    throwIfAborted(options.signal, `subscribing to ${topic}`);
    const feed = this.#feed(topic, options);
    this.#subscriptions.get(topic)?.end(undefined, true);
    this.#subscriptions.drop(topic);
    this.#subscriptions.add(feed, this.#prepared());
    await waitFor(feed.established.promise, options, `subscribing to ${topic}`, (error) => {
      this.#unsubscribe(feed, error).catch(() => {});
    });
    return new Subscription(feed, { unsubscribe: (which) => this.#unsubscribe(which) });
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
    this.#refuseClosed();
    throwIfAborted(options.signal, `the request to ${topic}`);
    return this.#requests.request(topic, payload, options);
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
    return respond(this.#requestsHost, topic, handler, options);
  }

  /**
   * Messages that the broker holds for this client: published for its subscriptions, and not yet committed or sent.
   *
   * @throws LeveretError `DISCONNECTED`
   */
  async lag(options: WaitOptions = {}): Promise<number> {
    const answer = await this.#ask(
      (connection, request) => connection.frames.lag(connection.expect(request)),
      options,
      'asking for the lag',
    );
    return answer.type === BrokerType.LAG ? answer.messages : 0;
  }

  /** Asks the broker for a sign of life. Resolves with the milliseconds that it took. */
  async ping(options: WaitOptions = {}): Promise<number> {
    const start = performance.now();
    await this.#ask(
      (connection, request) => {
        connection.ping(request);
        return undefined;
      },
      options,
      'the ping',
    );
    return performance.now() - start;
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
    this.#closing ??= this.#close(options.deadline ?? 5_000);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(deadline: number): Promise<void> {
    const until = performance.now() + deadline;
    const error = new LeveretError('CLOSED', 'this client has been closed');
    const left = () => ({ timeout: Math.max(0, until - performance.now()) });
    try {
      const isWorthWaiting = this.status === 'connected' || !this.#publisher.isEmpty;
      if (this.status !== 'closed' && isWorthWaiting && deadline > 0) await this.flush(left());
      const { connection } = this.#link;
      if (connection !== undefined) {
        // So that messages which still come are for nobody.
        this.#subscriptions.endAll();
        connection.sayGoodbye();
        await waitFor(this.#link.gone, left(), 'saying goodbye');
      }
    } catch {
      // The deadline has passed, or the connection was lost: it is the end in any case.
    }
    this.#subscriptions.endAll();
    this.#link.close(error);
  }

  #publishConfirmed(topic: string, payload: Payload, options: ConfirmOptions): Promise<Confirmation> {
    try {
      this.#refuseClosed();
      throwIfAborted(options.signal, `the publish to ${topic}`);
      const { key = '', retry = false } = options;
      const mayRepeat = retry ? this.#topics.mayRepeat(topic, key) : undefined;
      const confirmation = this.#publisher.publishConfirmed(topic, payload, key, mayRepeat);
      this.#schedule();
      return waitFor(confirmation, options, `the publish to ${topic}`);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #feed(topic: string, options: SubscribeOptions): Feed {
    const { from = 'latest', window = 0, group = '', prefetch = 16_384 } = options;
    const { onMessage, onSkipped, failOnSkipped = false } = options;
    const isPattern = hasPattern(topic);
    if (!isPattern) checkName(this.#platform, topic);
    checkNumber('window', window, 0, 0xffff);
    checkNumber('prefetch', prefetch, 1, 0xffff);
    const isAfter = typeof from === 'object';
    if (isAfter) checkNumber('from.after', from.after, 0, Number.MAX_SAFE_INTEGER);
    else if (from !== 'latest' && from !== 'earliest') {
      throw new RangeError(`from is 'latest', 'earliest' or { after: id }, not ${JSON.stringify(from)}`);
    }
    if (isAfter && (isPattern || group !== '')) {
      throw new RangeError(`${isPattern ? 'a pattern' : 'a group'} cannot begin after an id: ${topic}`);
    }
    const feedOptions = {
      from,
      window,
      group,
      prefetch,
      failOnSkipped,
      ...(onMessage === undefined ? {} : { onMessage }),
      ...(onSkipped === undefined ? {} : { onSkipped }),
    };
    return new Feed(topic, feedOptions, isPattern, this.#feedHost, this.#platform);
  }

  async #unsubscribe(feed: Feed, error?: LeveretError): Promise<void> {
    const topics = this.#subscriptions.remove(feed);
    feed.end(error, error === undefined);
    const connection = this.#prepared();
    if (connection === undefined || topics.length === 0) return;
    await Promise.all(
      topics.map((topic) => {
        const answer = defer<void>();
        const done = () => answer.resolve();
        // Refused, because it was never made, or lost with the connection: there is no subscription either way.
        const request = connection.expect({ answered: done, failed: done });
        connection.push(connection.frames.unsubscribe(request, topic));
        return answer.promise;
      }),
    );
  }

  /** The connection, if there is one, for a frame that must not overtake what was published before. */
  #prepared(): Connection | undefined {
    const { connection } = this.#link;
    if (connection === undefined) return undefined;
    this.#subscriptions.drainTo(connection);
    this.#publisher.drainTo(connection);
    this.#schedule();
    return connection;
  }

  /**
   * Sends a request and waits for its answer; while there is no connection, for one to come.
   *
   * @param again - whether it may be sent again when the connection is lost
   */
  async #ask(
    makeFrame: (connection: Connection, request: Request) => Uint8Array | undefined,
    options: WaitOptions,
    what: string,
    again = false,
  ): Promise<Answer> {
    this.#refuseClosed();
    throwIfAborted(options.signal, what);
    const result = defer<Answer>();
    let over = false;
    const send = () => {
      if (over) return;
      const connection = this.#prepared();
      if (connection === undefined) {
        this.#whenUp.push((error) => (error === undefined ? send() : result.reject(error)));
        return;
      }
      const bytes = makeFrame(connection, {
        answered: result.resolve,
        failed: (error) => {
          if (again && error.code === 'DISCONNECTED' && this.status !== 'closed') queueMicrotask(send);
          else result.reject(error);
        },
      });
      if (bytes !== undefined) connection.push(bytes);
      this.#adjustReading();
    };
    send();
    try {
      return await waitFor(result.promise, options, what);
    } finally {
      over = true;
      this.#adjustReading();
    }
  }

  #refuseClosed(): void {
    const { status, error } = this.#link.state;
    if (status === 'closed') throw error ?? new LeveretError('CLOSED', 'this client has been closed');
  }

  #up(connection: Connection, welcome: Welcome): void {
    const isNewEpoch = this.#epoch !== 0 && this.#epoch !== welcome.epoch;
    this.#epoch = welcome.epoch;
    this.#connectionId = welcome.id;
    this.#publisher.maxFrameSize = welcome.maxFrameSize;
    if (isNewEpoch) {
      for (const { topic, retentionMs, dedupeMs } of this.#topics) {
        connection.push(connection.frames.create(0, topic, retentionMs, dedupeMs));
      }
    }
    this.#subscriptions.resume(connection, isNewEpoch);
    for (const go of this.#whenUp.splice(0)) go();
    this.#flush();
  }

  #down(error: LeveretError, final: boolean): void {
    this.#requests.rejectAll(
      final
        ? error
        : new LeveretError('DISCONNECTED', `the reply was lost: ${error.message}`, { cause: error }),
    );
    this.#subscriptions.down();
    if (final) {
      this.#publisher.rejectAll(error);
      this.#subscriptions.endAll(error.code === 'CLOSED' ? undefined : error);
      for (const fail of this.#whenUp.splice(0)) fail(error);
    }
    this.#wakePublishers();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** Sends what this turn has gathered. What is published waits while the connection is full, and grows in its batch. */
  #flush(): void {
    const { connection } = this.#link;
    if (connection === undefined) return;
    this.#subscriptions.drainTo(connection);
    if (connection.writable) this.#publisher.drainTo(connection);
    connection.flush();
    this.#wakePublishers();
  }

  #wakePublishers(): void {
    if (this.#whenWritable.length === 0) return;
    if (!this.writable && this.status !== 'closed') return;
    for (const go of this.#whenWritable.splice(0)) go();
  }

  /**
   * Read only while there is room for what comes. But while a request waits we must read: its answer comes behind the
   * messages that are under way.
   */
  #adjustReading(): void {
    const { connection } = this.#link;
    if (connection === undefined) return;
    const waits = connection.waiting || this.#publisher.outstanding > 0;
    connection.setReading(this.#queuedBytes < this.#settings.maxQueuedBytes || waits);
  }
}
