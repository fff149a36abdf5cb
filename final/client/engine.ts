import { LeveretError } from '#framing';
import { Asking } from './asking.ts';
import type { ClientSettings } from './connect-options.ts';
import type { Connection, Welcome } from './connection.ts';
import { Emitter, type StatusChange } from './events.ts';
import { Link } from './link.ts';
import { OwnTopics } from './own-topics.ts';
import type { Platform } from './platform.ts';
import type { Confirmation, ConfirmOptions, Payload } from './publish-options.ts';
import { PublishRoom } from './publish-room.ts';
import { Publisher } from './publisher.ts';
import { Requests, type RequestsHost } from './requests.ts';
import type { SideConnection } from './side-connections.ts';
import { Subscriber } from './subscriber.ts';
import { throwIfAborted, type WaitOptions, waitFor } from './wait.ts';

/**
 * What moves inside a client: its link, what it publishes and what it subscribes to, and the moments at which all of that
 * goes out.
 */
export class Engine implements SideConnection {
  readonly emitter: Emitter;
  readonly link: Link;
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  readonly requests: Requests;
  readonly requestsHost: RequestsHost;
  readonly topics: OwnTopics;
  readonly room: PublishRoom;
  readonly asking: Asking;
  epoch = 0;
  connectionId = 0;
  #scheduled = false;

  /**
   * @param main - for a connection beside the main one of a client: who hears of its errors; its status is nobody's concern
   * @throws LeveretError BAD_URL
   */
  constructor(platform: Platform, urls: readonly string[], settings: ClientSettings, main?: Emitter) {
    this.asking = new Asking({
      prepared: () => this.#prepared(),
      refuseClosed: () => this.refuseClosed(),
      isClosed: () => this.state.status === 'closed',
      waitingChanged: () => this.subscriber.queuedBytes.adjustReading(),
    });
    const ask = this.asking.ask.bind(this.asking);
    this.topics = new OwnTopics(ask);
    this.emitter = main ?? new Emitter((error) => platform.warn(error));
    this.publisher = new Publisher(
      platform,
      settings,
      () => this.#flush(),
      () => this.#schedule(),
      () => this.room.wake(),
    );
    this.room = new PublishRoom({
      hasRoom: () => this.writable,
      hasMuchRoom: () =>
        this.state.status === 'closed' ||
        (this.publisher.hasMuchRoom && this.link.connection?.writable !== false),
      flush: () => this.#flush(),
      refuseClosed: () => this.refuseClosed(),
    });
    this.subscriber = new Subscriber({
      platform,
      settings,
      emitter: this.emitter,
      connection: () => this.link.connection,
      prepared: () => this.#prepared(),
      outstanding: () => this.publisher.outstanding,
      schedule: () => this.#schedule(),
      refuseClosed: () => this.refuseClosed(),
      ask,
      ping: (options) => this.asking.ping(options),
      openSide: () => {
        // The broker need not be there at this moment: it is waited for, as by the client itself.
        const patient = { ...settings, retryFirst: true, signal: undefined };
        const side = new Engine(platform, urls, patient, this.emitter);
        // What makes it impossible ends the subscriptions, and so they tell it.
        side.link.start().catch(() => {});
        return side;
      },
    });
    const { subscriptions } = this.subscriber;
    this.requestsHost = {
      publish: (topic, payload, { key }) => this.publish(topic, payload, key),
      subscribe: (topic, options) => this.subscriber.subscribe(topic, options),
      openInbox: (topic, onMessage) => this.subscriber.openInbox(topic, onMessage),
    };
    this.requests = new Requests(this.requestsHost);
    this.link = new Link(
      platform,
      urls,
      settings,
      {
        messages: (frame) => subscriptions.messages(frame),
        skipped: (topic, fromId, toId) => subscriptions.skipped(topic, fromId, toId),
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
    const ask = this.asking.ask((request) => ({ type: 'LAG', request }), options, 'asking for the lag');
    const lags = await Promise.all([ask, ...Array.from(this.subscriber.sides, (side) => side.lag(options))]);
    return lags.reduce<number>(
      (sum, lag) => sum + (typeof lag === 'number' ? lag : lag.type === 'LAG' ? lag.messages : 0),
      0,
    );
  }

  async close(deadline: number): Promise<void> {
    const until = performance.now() + deadline;
    const sides = this.subscriber.sides.close(deadline);
    const error = new LeveretError('CLOSED', 'this client has been closed');
    const left = () => ({ timeout: Math.max(0, until - performance.now()) });
    try {
      const isWorthWaiting = this.state.status === 'connected' || !this.publisher.isEmpty;
      if (this.state.status !== 'closed' && isWorthWaiting && deadline > 0) await this.asking.ping(left());
      const { connection } = this.link;
      if (connection !== undefined) {
        // So that messages which still come are for nobody.
        this.subscriber.subscriptions.endAll();
        connection.sayGoodbye();
        await waitFor(this.link.gone, left(), 'saying goodbye');
      }
    } catch {
      // The deadline has passed, or the connection was lost: it is the end in any case.
    }
    this.subscriber.subscriptions.endAll();
    await sides;
    this.link.close(error);
  }

  publishConfirmed(topic: string, payload: Payload, options: ConfirmOptions): Promise<Confirmation> {
    try {
      this.refuseClosed();
      throwIfAborted(options.signal, `the publish to ${topic}`);
      const { key = '', retry = false } = options;
      const mayRepeat = retry ? this.topics.mayRepeat(topic, key) : undefined;
      const confirmation = this.publisher.publishConfirmed(topic, payload, key, mayRepeat);
      this.#schedule();
      return waitFor(confirmation, options, `the publish to ${topic}`);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The connection, if there is one, for a frame that must not overtake what was published before. */
  #prepared(): Connection | undefined {
    const { connection } = this.link;
    if (connection === undefined) return undefined;
    this.subscriber.subscriptions.commits.drainTo(connection);
    this.publisher.drainTo(connection);
    this.#schedule();
    return connection;
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
    if (isNewEpoch) this.topics.repeatOn(connection);
    this.subscriber.subscriptions.resume(connection, isNewEpoch);
    this.asking.up();
    this.#flush();
  }

  #down(error: LeveretError, final: boolean): void {
    this.requests.rejectAll(
      final
        ? error
        : new LeveretError('DISCONNECTED', `the reply was lost: ${error.message}`, { cause: error }),
    );
    this.subscriber.subscriptions.down();
    if (final) {
      this.publisher.rejectAll(error);
      this.subscriber.subscriptions.endAll(error.code === 'CLOSED' ? undefined : error);
      this.asking.fail(error);
      this.subscriber.sides.closeBy(error);
    }
    this.room.wake();
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
    this.subscriber.subscriptions.commits.drainTo(connection);
    if (connection.writable) this.publisher.drainTo(connection);
    connection.flush();
    this.room.wake();
  }
}
