import { LeveretError, readLimits } from '#framing';
import { type BrokerFrame, type ClientFrame, isPattern } from '#protocol';
import { Asking } from './asking.ts';
import { checkName } from './check-names.ts';
import type { ClientSettings } from './connect-options.ts';
import type { Connection, Request, Welcome } from './connection.ts';
import { defer } from './deferred.ts';
import { readingOptions } from './errors.ts';
import { Emitter, type StatusChange } from './events.ts';
import { Link } from './link.ts';
import type { Platform } from './platform.ts';
import type { Confirmation, ConfirmOptions, Payload, TopicOptions } from './publish-options.ts';
import { Publisher } from './publisher.ts';
import { Requests, type RequestsHost } from './requests.ts';
import { type SideConnection, SideConnections } from './side-connections.ts';
import { readSubscribeOptions, type SubscribeOptions } from './subscribe-options.ts';
import { Subscription } from './subscription.ts';
import { SubscriptionStream, type SubscriptionStreamHost } from './subscription-stream.ts';
import { leave, Subscriptions } from './subscriptions.ts';
import { TopicMemory } from './topic-memory.ts';
import { deleteTopic } from './topic-requests.ts';
import { throwIfAborted, type WaitOptions, waitFor } from './wait.ts';

const TOPIC_LIMITS = {
  retentionMs: { default: 0, min: 0, max: 0xffff_ffff },
  dedupeMs: { default: 0, min: 0, max: 0xffff_ffff },
};

/**
 * What moves inside a client: its link, what it publishes and what it subscribes to, and the moments at which all of that
 * goes out.
 */
export class Engine implements SideConnection {
  readonly #platform: Platform;
  readonly #settings: ClientSettings;
  readonly emitter: Emitter;
  readonly link: Link;
  readonly publisher: Publisher;
  readonly #subscriptions: Subscriptions;
  readonly requests: Requests;
  readonly #topics = new TopicMemory();
  readonly #streamHost: SubscriptionStreamHost;
  readonly requestsHost: RequestsHost;
  readonly #whenWritable: (() => void)[] = [];
  readonly #asking: Asking;
  readonly #sides: SideConnections;
  epoch = 0;
  connectionId = 0;
  #queuedBytes = 0;
  #scheduled = false;

  /**
   * @param main - for a connection beside the main one of a client: who hears of its errors; its status is nobody's concern
   * @throws LeveretError BAD_URL
   */
  constructor(platform: Platform, urls: readonly string[], settings: ClientSettings, main?: Emitter) {
    this.#platform = platform;
    this.#settings = settings;
    this.#sides = new SideConnections(() => this.#openSide(urls));
    this.#asking = new Asking({
      prepared: () => this.#prepared(),
      refuseClosed: () => this.refuseClosed(),
      isClosed: () => this.state.status === 'closed',
      waitingChanged: () => this.#adjustReading(),
    });
    this.emitter = main ?? new Emitter((error) => platform.warn(error));
    this.publisher = new Publisher(
      platform,
      settings,
      () => this.#flush(),
      () => this.#schedule(),
      () => this.#wakePublishers(),
    );
    this.#subscriptions = new Subscriptions(() => this.#schedule());
    this.#streamHost = {
      maxQueuedBytes: settings.maxQueuedBytes,
      windowShrunk: (stream) => {
        const { connection } = this.link;
        if (connection !== undefined) this.#subscriptions.renew(stream, connection);
      },
      commitLater: (stream, position) => this.#subscriptions.commitLater(stream, position),
      queued: (bytes) => {
        this.#queuedBytes += bytes;
        if (bytes > 0) this.#boundQueues();
        this.#adjustReading();
      },
      callbackFailed: (stream, cause) => {
        const message = `a callback for ${stream.topic} has thrown: ${cause instanceof Error ? cause.message : String(cause)}`;
        this.emitter.emit('error', new LeveretError('CALLBACK_FAILED', message, { cause }));
      },
      abandon: (stream, error) => {
        this.#unsubscribe(stream, error).catch(() => {});
      },
    };
    this.requestsHost = {
      publish: (topic, payload, { key }) => this.publish(topic, payload, key),
      subscribe: (topic, options) => this.subscribe(topic, options),
      openInbox: (topic, onMessage) => {
        const stream = this.#stream(topic, { onMessage });
        stream.isEphemeral = true;
        this.#subscriptions.add(stream, this.link.connection);
        const drop = () => {
          this.#subscriptions.remove(stream);
          stream.end();
        };
        return { topic, opened: stream.established.promise, drop };
      },
    };
    this.requests = new Requests(this.requestsHost);
    this.link = new Link(
      platform,
      urls,
      settings,
      {
        messages: (frame) => this.#subscriptions.messages(frame),
        skipped: (topic, fromId, toId) => this.#subscriptions.skipped(topic, fromId, toId),
        refused: (error) => this.emitter.refused(error),
        drained: () => this.#flush(),
        up: (connection, welcome) => this.#up(connection, welcome),
        down: (error, final) => this.#down(error, final),
      },
      main === undefined ? this.emitter : new Emitter(() => {}),
    );
  }

  /** The state of the client's connection. */
  get state(): StatusChange {
    return this.link.state;
  }

  /** Takes a message that nobody asks about again. */
  publish(topic: string, payload: Payload, key: string): void {
    this.refuseClosed();
    this.publisher.publish(topic, payload, key);
    if (!this.#scheduled) this.#schedule();
  }

  /** Whether there is room to publish more. */
  get writable(): boolean {
    return this.publisher.hasRoom && this.link.connection?.writable !== false;
  }

  /** Resolves when there is room to publish more. */
  async ready(options: WaitOptions): Promise<void> {
    this.refuseClosed();
    throwIfAborted(options.signal, 'waiting to publish');
    // What this turn has published should count, and be on its way.
    this.#flush();
    while (!this.writable) {
      const room = defer<void>();
      this.#whenWritable.push(room.resolve);
      await waitFor(room.promise, options, 'waiting to publish');
      this.refuseClosed();
    }
  }

  /** Makes a topic, and remembers it for a broker that begins anew. */
  async createTopic(topic: string, options: TopicOptions): Promise<void> {
    checkName(topic);
    const { retentionMs, dedupeMs } = readingOptions(() =>
      readLimits<keyof typeof TOPIC_LIMITS>(TOPIC_LIMITS, options),
    );
    await this.ask(
      (request) => ({ type: 'CREATE', request, topic, retentionMs, dedupeMs }),
      options,
      `creating ${topic}`,
      true,
    );
    this.#topics.set(topic, retentionMs, dedupeMs);
  }

  /** Takes a topic away, and makes it no more at a broker that begins anew. */
  async deleteTopic(topic: string, options: WaitOptions): Promise<void> {
    await deleteTopic(this.ask.bind(this), topic, options);
    this.#topics.forget(topic);
  }

  /** Subscribes, and resolves when the broker has agreed. */
  async subscribe(topic: string, options: SubscribeOptions): Promise<Subscription> {
    this.refuseClosed();
    throwIfAborted(options.signal, `subscribing to ${topic}`);
    readingOptions(() => readSubscribeOptions(topic, options));
    if (this.isFreeFor(topic)) return this.subscribeHere(topic, options);
    // On another connection it would overtake what was published before.
    if (this.link.connection !== undefined) await this.ping(options).catch(() => {});
    throwIfAborted(options.signal, `subscribing to ${topic}`);
    return this.isFreeFor(topic) ? this.subscribeHere(topic, options) : this.#sides.subscribe(topic, options);
  }

  /** True when a subscription to this topic or pattern would meet none of this connection. */
  isFreeFor(topic: string): boolean {
    return this.#subscriptions.isFreeFor(topic);
  }

  /** True when nothing is subscribed on this connection. */
  get isIdle(): boolean {
    return this.#subscriptions.isEmpty;
  }

  /** Subscribes on this connection. */
  async subscribeHere(topic: string, options: SubscribeOptions): Promise<Subscription> {
    this.refuseClosed();
    const stream = this.#stream(topic, options);
    this.#subscriptions.add(stream, this.#prepared());
    await waitFor(stream.established.promise, options, `subscribing to ${topic}`, (error) => {
      this.#unsubscribe(stream, error).catch(() => {});
    });
    return new Subscription(stream, { unsubscribe: (which) => this.#unsubscribe(which) });
  }

  #openSide(urls: readonly string[]): SideConnection {
    // The broker need not be there at this moment: it is waited for, as by the client itself.
    const settings = { ...this.#settings, retryFirst: true, signal: undefined };
    const side = new Engine(this.#platform, urls, settings, this.emitter);
    // What makes it impossible ends the subscriptions, and so they tell it.
    side.link.start().catch(() => {});
    return side;
  }

  /** Ends at once, because of an error. */
  closeBy(error: LeveretError): void {
    this.link.close(error);
  }

  /** Resolves when it has ended for good. */
  get ended(): Promise<unknown> {
    return this.link.closed;
  }

  /** Messages that the broker holds for this client, on all its connections. */
  async lag(options: WaitOptions): Promise<number> {
    const ask = this.ask((request) => ({ type: 'LAG', request }), options, 'asking for the lag');
    const lags = await Promise.all([ask, ...Array.from(this.#sides, (side) => side.lag(options))]);
    return lags.reduce<number>(
      (sum, lag) => sum + (typeof lag === 'number' ? lag : lag.type === 'LAG' ? lag.messages : 0),
      0,
    );
  }

  async close(deadline: number): Promise<void> {
    const until = performance.now() + deadline;
    const sides = this.#sides.close(deadline);
    const error = new LeveretError('CLOSED', 'this client has been closed');
    const left = () => ({ timeout: Math.max(0, until - performance.now()) });
    try {
      const isWorthWaiting = this.state.status === 'connected' || !this.publisher.isEmpty;
      if (this.state.status !== 'closed' && isWorthWaiting && deadline > 0) await this.ping(left());
      const { connection } = this.link;
      if (connection !== undefined) {
        // So that messages which still come are for nobody.
        this.#subscriptions.endAll();
        connection.sayGoodbye();
        await waitFor(this.link.gone, left(), 'saying goodbye');
      }
    } catch {
      // The deadline has passed, or the connection was lost: it is the end in any case.
    }
    this.#subscriptions.endAll();
    await sides;
    this.link.close(error);
  }

  publishConfirmed(topic: string, payload: Payload, options: ConfirmOptions): Promise<Confirmation> {
    try {
      this.refuseClosed();
      throwIfAborted(options.signal, `the publish to ${topic}`);
      const { key = '', retry = false } = options;
      const mayRepeat = retry ? this.#topics.mayRepeat(topic, key) : undefined;
      const confirmation = this.publisher.publishConfirmed(topic, payload, key, mayRepeat);
      this.#schedule();
      return waitFor(confirmation, options, `the publish to ${topic}`);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #stream(topic: string, options: SubscribeOptions): SubscriptionStream {
    const checked = readSubscribeOptions(topic, options);
    return new SubscriptionStream(topic, checked, isPattern(topic), this.#streamHost, this.#platform);
  }

  async #unsubscribe(stream: SubscriptionStream, error?: LeveretError): Promise<void> {
    const topics = this.#subscriptions.remove(stream);
    stream.end(error, error === undefined);
    const connection = this.#prepared();
    if (connection !== undefined) await leave(connection, topics);
  }

  /** The connection, if there is one, for a frame that must not overtake what was published before. */
  #prepared(): Connection | undefined {
    const { connection } = this.link;
    if (connection === undefined) return undefined;
    this.#subscriptions.drainTo(connection);
    this.publisher.drainTo(connection);
    this.#schedule();
    return connection;
  }

  /**
   * Sends a request and waits for its answer; while there is no connection, for one to come.
   *
   * @param makeFrame - makes the frame of the request with this number
   * @param again - whether it may be sent again when the connection is lost
   */
  ask(
    makeFrame: (request: number) => ClientFrame,
    options: WaitOptions,
    what: string,
    again = false,
  ): Promise<BrokerFrame> {
    const send = (connection: Connection, request: Request) =>
      connection.push(makeFrame(connection.expect(request)));
    return this.#asking.ask(send, options, what, again);
  }

  /** Asks the broker for an answer, by PING. */
  async ping(options: WaitOptions): Promise<number> {
    const start = performance.now();
    await this.#asking.ask((connection, request) => connection.ping(request), options, 'the ping', false);
    return performance.now() - start;
  }

  /** @throws what closed the client, if it is closed */
  refuseClosed(): void {
    const { status, error } = this.link.state;
    if (status === 'closed') throw error ?? new LeveretError('CLOSED', 'this client has been closed');
  }

  #up(connection: Connection, welcome: Welcome): void {
    const isNewEpoch = this.epoch !== 0 && this.epoch !== welcome.epoch;
    this.epoch = welcome.epoch;
    this.connectionId = welcome.connectionId;
    this.publisher.maxFrameSize = welcome.maxFrameSize;
    if (isNewEpoch) {
      for (const { topic, retentionMs, dedupeMs } of this.#topics) {
        connection.push({ type: 'CREATE', request: 0, topic, retentionMs, dedupeMs });
      }
    }
    this.#subscriptions.resume(connection, isNewEpoch);
    this.#asking.up();
    this.#flush();
  }

  #down(error: LeveretError, final: boolean): void {
    this.requests.rejectAll(
      final
        ? error
        : new LeveretError('DISCONNECTED', `the reply was lost: ${error.message}`, { cause: error }),
    );
    this.#subscriptions.down();
    if (final) {
      this.publisher.rejectAll(error);
      this.#subscriptions.endAll(error.code === 'CLOSED' ? undefined : error);
      this.#asking.fail(error);
      this.#sides.closeBy(error);
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
    const { connection } = this.link;
    if (connection === undefined) return;
    this.#subscriptions.drainTo(connection);
    if (connection.writable) this.publisher.drainTo(connection);
    connection.flush();
    this.#wakePublishers();
  }

  #wakePublishers(): void {
    if (this.#whenWritable.length === 0) return;
    const hasRoom = this.publisher.hasMuchRoom && this.link.connection?.writable !== false;
    if (!hasRoom && this.state.status !== 'closed') return;
    for (const go of this.#whenWritable.splice(0)) go();
  }

  /**
   * Where the socket must be read although what waits is too much already, the subscription that holds most of it ends: a
   * typed error for one loop, rather than memory without a bound for the program.
   */
  #boundQueues(): void {
    if (this.#queuedBytes <= this.#settings.maxQueuedBytes * 2) return;
    let largest: SubscriptionStream | undefined;
    for (const stream of this.#subscriptions.streams) {
      if (stream.waitingBytes > (largest?.waitingBytes ?? 0)) largest = stream;
    }
    if (largest === undefined) return;
    const { topic, waitingBytes } = largest;
    const message = `${waitingBytes} bytes of messages of ${topic} wait to be taken, while an answer is awaited that comes behind them: take them faster, or give a smaller prefetch or window`;
    this.#streamHost.abandon(largest, new LeveretError('OVERFLOW', message));
  }

  /**
   * Read only while there is room for what comes. But while a request waits we must read: its answer comes behind the
   * messages that are under way.
   */
  #adjustReading(): void {
    const { connection } = this.link;
    if (connection === undefined) return;
    const waits = connection.waiting || this.publisher.outstanding > 0;
    connection.setReading(this.#queuedBytes < this.#settings.maxQueuedBytes || waits);
  }
}
