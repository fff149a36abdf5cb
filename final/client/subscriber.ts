import { LeveretError } from '#framing';
import { isPattern, ProtocolError } from '#protocol';
import type { ClientSettings } from './connect-options.ts';
import type { Connection } from './connection.ts';
import { readingOptions } from './errors.ts';
import type { Emitter } from './events.ts';
import { leave } from './leaving.ts';
import type { Message } from './message.ts';
import type { Platform } from './platform.ts';
import { QueuedBytes } from './queued-bytes.ts';
import type { OpenInbox } from './requests.ts';
import { isShareable, SharedStream } from './shared-stream.ts';
import { type SideConnection, SideConnections } from './side-connections.ts';
import { readSubscribeOptions, type SubscribeOptions } from './subscribe-options.ts';
import { Subscription } from './subscription.ts';
import { SubscriptionStream, type SubscriptionStreamHost } from './subscription-stream.ts';
import { Subscriptions } from './subscriptions.ts';
import type { Ask } from './topic-requests.ts';
import { throwIfAborted, type WaitOptions, waitFor } from './wait.ts';

/** What the subscribing side of a client needs of it. */
export interface SubscriberHost {
  readonly platform: Platform;
  readonly settings: ClientSettings;
  readonly emitter: Emitter;
  /** The connection, while there is one. */
  connection(): Connection | undefined;
  /** The same, for a frame that must not overtake what was published before. */
  prepared(): Connection | undefined;
  /** Confirmations of publishes that are awaited. */
  outstanding(): number;
  /** There is something to send when this turn ends. */
  schedule(): void;
  /** @throws what closed the client, if it is closed */
  refuseClosed(): void;
  readonly ask: Ask;
  ping(options: WaitOptions): Promise<unknown>;
  /** Begins to connect once more. */
  openSide(): SideConnection;
}

/** The subscribing side of a client: which subscription goes over which connection, and which share one. */
export class Subscriber {
  readonly #host: SubscriberHost;
  readonly #streamHost: SubscriptionStreamHost;
  readonly #shared = new Map<string, SharedStream>();
  readonly #sharedBy = new WeakMap<SubscriptionStream, SharedStream>();
  /** Those on the wire of this connection. */
  readonly subscriptions: Subscriptions;
  readonly sides: SideConnections;
  readonly queuedBytes: QueuedBytes;

  constructor(host: SubscriberHost) {
    this.#host = host;
    const subscriptions = new Subscriptions(() => host.schedule());
    this.subscriptions = subscriptions;
    this.sides = new SideConnections(() => host.openSide());
    const abandon = (stream: SubscriptionStream, error: LeveretError) => {
      this.#unsubscribe(stream, error).catch(() => {});
    };
    this.queuedBytes = new QueuedBytes(host.settings.maxQueuedBytes, {
      connection: () => host.connection(),
      outstanding: () => host.outstanding(),
      streams: () => subscriptions.streams,
      abandon,
    });
    this.#streamHost = {
      maxQueuedBytes: host.settings.maxQueuedBytes,
      windowShrunk: (stream) => {
        const connection = host.connection();
        if (connection !== undefined) subscriptions.renew(stream, connection);
      },
      commitLater: (stream, position) => subscriptions.commits.later(stream, position),
      forgotten: (stream, topic) => subscriptions.forgotten(stream, topic),
      queued: (bytes) => this.queuedBytes.add(bytes),
      callbackFailed: (stream, cause) => {
        const message = `a callback for ${stream.topic} has thrown: ${cause instanceof Error ? cause.message : String(cause)}`;
        host.emitter.emit('error', new LeveretError('CALLBACK_FAILED', message, { cause }));
      },
      abandon,
    };
  }

  /** Subscribes on the first connection that has a place for it, and resolves when the broker has agreed. */
  async subscribe(topic: string, options: SubscribeOptions): Promise<Subscription> {
    this.#host.refuseClosed();
    throwIfAborted(options.signal, `subscribing to ${topic}`);
    readingOptions(() => readSubscribeOptions(topic, options));
    if (this.hasPlaceFor(topic, options)) return this.subscribeHere(topic, options);
    // On another connection it would overtake what was published before.
    if (this.#host.connection() !== undefined) await this.#host.ping(options).catch(() => {});
    throwIfAborted(options.signal, `subscribing to ${topic}`);
    return this.hasPlaceFor(topic, options)
      ? this.subscribeHere(topic, options)
      : this.sides.subscribe(topic, options);
  }

  /** True when such a subscription would meet none of this connection, or share it. */
  hasPlaceFor(topic: string, options: SubscribeOptions): boolean {
    if (this.#shared.has(topic) && isShareable(topic, options)) return true;
    return this.subscriptions.isFreeFor(topic);
  }

  /** True when nothing is subscribed on this connection. */
  get isIdle(): boolean {
    return this.subscriptions.isEmpty;
  }

  /** Subscribes on this connection. */
  async subscribeHere(topic: string, options: SubscribeOptions): Promise<Subscription> {
    this.#host.refuseClosed();
    const stream = this.#stream(topic, options);
    if (isShareable(topic, options)) await this.#share(stream, options);
    else {
      this.subscriptions.add(stream, this.#host.prepared());
      await this.#agreed(stream, stream, options);
    }
    return new Subscription(stream, { unsubscribe: (which) => this.#unsubscribe(which) });
  }

  /** Subscribes to the inbox of this connection. */
  openInbox(topic: string, onMessage: (message: Message) => void): OpenInbox {
    const stream = this.#stream(topic, { onMessage });
    stream.isEphemeral = true;
    this.subscriptions.add(stream, this.#host.connection());
    const drop = () => {
      this.subscriptions.remove(stream);
      stream.end();
    };
    return { topic, opened: stream.established.promise, drop };
  }

  /** Makes it a member of the subscription on the wire to its topic, or of a new one. */
  async #share(member: SubscriptionStream, options: SubscribeOptions): Promise<void> {
    const { topic } = member;
    let shared = this.#shared.get(topic);
    while (shared?.isEstablished === true) {
      const after = await this.#lastId(topic, options);
      // Its last member may have left meanwhile.
      if (!shared.ended) {
        if (after > 0) member.positions.at(topic).startAfter(after);
        this.#join(member, shared);
        return;
      }
      shared = this.#shared.get(topic);
    }
    if (shared !== undefined) this.#join(member, shared);
    else {
      const made = new SharedStream(topic, this.#streamHost, this.#host.platform, () => {
        if (this.#shared.get(topic) === made) this.#shared.delete(topic);
      });
      shared = made;
      this.#shared.set(topic, made);
      this.#join(member, made);
      this.subscriptions.add(made, this.#host.prepared());
    }
    await this.#agreed(member, shared, options);
  }

  #join(member: SubscriptionStream, shared: SharedStream): void {
    shared.add(member);
    this.#sharedBy.set(member, shared);
  }

  /**
   * The last id that was published to a topic, so that who joins does not get what is on its way. Of a pattern there is none, and
   * not every broker tells: then it begins with what comes behind the answer.
   */
  async #lastId(topic: string, options: WaitOptions): Promise<number> {
    try {
      if (isPattern(topic)) await this.#host.ping(options);
      else {
        const asking = `subscribing to ${topic}`;
        const answer = await this.#host.ask(
          (request) => ({ type: 'INFO', request, topic }),
          options,
          asking,
          true,
        );
        if (answer.type === 'TOPIC') return answer.lastId;
      }
    } catch (error) {
      const isLost = error instanceof LeveretError && error.code === 'DISCONNECTED';
      if (!isLost && !(error instanceof ProtocolError)) throw error;
      this.#host.refuseClosed();
    }
    return 0;
  }

  async #agreed(
    stream: SubscriptionStream,
    wire: SubscriptionStream,
    options: SubscribeOptions,
  ): Promise<void> {
    await waitFor(wire.established.promise, options, `subscribing to ${stream.topic}`, (error) => {
      this.#unsubscribe(stream, error).catch(() => {});
    });
  }

  #stream(topic: string, options: SubscribeOptions): SubscriptionStream {
    const checked = readSubscribeOptions(topic, options);
    return new SubscriptionStream(topic, checked, isPattern(topic), this.#streamHost, this.#host.platform);
  }

  async #unsubscribe(stream: SubscriptionStream, error?: LeveretError): Promise<void> {
    const shared = this.#sharedBy.get(stream);
    stream.end(error, error === undefined);
    if (shared !== undefined && !shared.remove(stream)) return;
    const wire = shared ?? stream;
    const topics = this.subscriptions.remove(wire);
    wire.end();
    const connection = this.#host.prepared();
    if (connection !== undefined) await leave(connection, topics);
  }
}
