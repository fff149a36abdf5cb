import createDebug from 'debug';
import type { Connection } from '#connections';
import { FrameReader } from '#framing';
import {
  type BrokerFrame,
  BrokerType,
  type CommitFrame,
  encodeBrokerFrame,
  type HelloFrame,
  PROTOCOL_VERSION,
  ProtocolError,
  type SubscribeFrame,
  type UnsubscribeFrame,
} from '#protocol';
import { closeReason, errorFrame, toProtocolError } from './broker-errors.ts';
import type { LogLimits } from './limits.ts';
import { Outbox } from './outbox.ts';
import { serveFrame } from './requests.ts';
import type { Publisher } from './slow-readers.ts';
import { type Reader, Subscription, type TopicReader } from './subscription.ts';
import type { Topic } from './topic.ts';
import type { TopicTable } from './topic-table.ts';
import { type Direction, describeBytes } from './trace.ts';
import type { Turn } from './turn.ts';

const debug = createDebug('leveret:broker');

/** What a client may do. Asked once for each topic that it uses, not for each message. */
export interface Grants {
  mayPublish(topic: string): boolean;
  maySubscribe(topic: string): boolean;
}

/** What a session needs of the broker that it belongs to. */
export interface SessionHome {
  readonly limits: LogLimits;
  readonly topics: TopicTable;
  readonly turn: Turn;
  readonly epoch: number;
  /**
   * Decides about a HELLO.
   *
   * @returns what the client may do; undefined for everything
   * @throws ProtocolError DENIED
   */
  admit(hello: HelloFrame, session: Session): Grants | undefined;
  /** Takes a SUBSCRIBE with a group or a pattern. Returns false where those are not known. */
  subscribeSpecially(frame: SubscribeFrame, session: Session): boolean;
  /** Takes an UNSUBSCRIBE of what {@link SessionHome.subscribeSpecially} took. */
  unsubscribeSpecially(frame: UnsubscribeFrame, session: Session): boolean;
  /** Takes a COMMIT to what {@link SessionHome.subscribeSpecially} took. */
  commitSpecially(frame: CommitFrame, session: Session): boolean;
  /** The session no longer subscribes to this topic. */
  unsubscribed(topic: Topic, session: Session): void;
  /** Lag of what {@link SessionHome.subscribeSpecially} took. */
  specialLag(session: Session): number;
  /** A frame has come or goes, for those who watch. Only asked for while {@link SessionHome.watched}. */
  watch(
    session: Session,
    direction: 'in' | 'out',
    type: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
  readonly watched: boolean;
  /** The session has said HELLO. */
  greeted(session: Session): void;
}

/** One client on one connection: what it said, what it is owed. */
export class Session implements Reader, Publisher {
  readonly connection: Connection<Session>;
  readonly outbox: Outbox;
  /** What the client calls itself. */
  name = '';
  state: 'greeting' | 'ready' | 'closing' = 'greeting';
  readonly subscriptions = new Map<string, Subscription>();
  readonly openedAt: number;
  /** True once it has said HELLO and was let in. */
  wasGreeted = false;
  grants: Grants | undefined;
  /** Whether somebody wants to see its frames. Looked up once for each chunk, not for each frame. */
  traced = false;
  /** Messages that it published. */
  published = 0;

  /** The topic of its last PUBLISH: most clients publish to the same one again. */
  topic: Topic | undefined;
  readonly home: SessionHome;

  readonly #reader: FrameReader;
  #waiting: TopicReader[] = [];
  #held = false;
  #answersHeld = false;
  #frameSince = 0;
  #pings = 0;

  constructor(home: SessionHome, connection: Connection<Session>) {
    this.home = home;
    this.connection = connection;
    this.outbox = new Outbox(connection, home.turn);
    this.openedAt = home.turn.now;
    this.#reader = new FrameReader((type, bytes, start, end) => serveFrame(this, type, bytes, start, end), {
      limit: home.limits.helloFrameLimit,
    });
  }

  /** True while its connection takes no more. */
  get full(): boolean {
    return this.outbox.full;
  }

  /** Bytes have come. */
  receive(chunk: Buffer): void {
    if (this.state === 'closing') return;
    this.#pings = 0;
    this.traced = debug.enabled || this.home.watched;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.fail(toProtocolError(error));
      return;
    }
    // A frame that is dripped in byte by byte never goes idle; so the clock runs from its first byte.
    if (!this.#reader.midFrame) this.#frameSince = 0;
    else if (this.#frameSince === 0) this.#frameSince = this.home.turn.now;
    if (this.outbox.queuedBytes > this.home.limits.highWaterBytes) this.#holdForAnswers();
  }

  /** The connection takes more again. */
  drained(): void {
    this.outbox.full = false;
    if (this.#answersHeld) {
      this.#answersHeld = false;
      this.#readOn();
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const reader of waiting) {
      reader.pump();
      reader.topic.caughtUp(reader);
    }
  }

  /** The client has ended its side: nothing more comes, but it may still read. */
  ended(): void {
    try {
      this.#reader.end();
    } catch (error) {
      this.fail(toProtocolError(error));
      return;
    }
    this.state = 'closing';
    this.leaveTopics();
    this.outbox.flush();
    this.connection.end('peer');
  }

  /** The connection is gone. */
  closed(): void {
    this.state = 'closing';
    this.leaveTopics();
  }

  /** Looks at its deadlines. */
  sweep(now: number): void {
    const { helloTimeoutMs, frameTimeoutMs, idleMs } = this.home.limits;
    if (this.state === 'greeting') {
      if (now - this.openedAt >= helloTimeoutMs) this.#timeout(`no HELLO within ${helloTimeoutMs} ms`);
    } else if (this.state === 'ready' && idleMs > 0 && !this.#held && !this.#answersHeld) {
      if (this.connection.silentFor < idleMs * (this.#pings + 1)) return;
      if (this.#pings === 2) {
        this.#timeout(`two PINGs in ${idleMs * 2} ms were not answered`);
        return;
      }
      this.#pings++;
      this.answer({ type: BrokerType.PING, bytes: Buffer.alloc(0) });
    }
    if (this.#frameSince > 0 && now - this.#frameSince >= frameTimeoutMs) {
      this.#timeout(`a frame took more than ${frameTimeoutMs} ms to arrive`);
    }
  }

  // A subscription's side of it.

  send(bytes: Buffer): void {
    if (debug.enabled || this.home.watched) this.#traceOut(bytes);
    this.outbox.send(bytes);
  }

  waitFor(reader: TopicReader): void {
    if (!this.#waiting.includes(reader)) this.#waiting.push(reader);
  }

  tooSlow(reader: TopicReader): void {
    this.fail(
      new ProtocolError(
        'SLOW',
        `this client lags ${reader.cursor.lag} messages behind on a topic; read faster`,
      ),
    );
  }

  // A publisher's side of it.

  hold(): void {
    this.#held = true;
    this.connection.pause();
  }

  goOn(): void {
    this.#held = false;
    this.#readOn();
  }

  /** The client was let in: from now on it may send anything. */
  welcome(hello: HelloFrame, grants: Grants | undefined): void {
    const { limits, epoch } = this.home;
    this.name = hello.name;
    this.grants = grants;
    this.state = 'ready';
    this.wasGreeted = true;
    this.#reader.limit = limits.maxFrameSize;
    this.home.greeted(this);
    this.answer({
      type: BrokerType.WELCOME,
      version: PROTOCOL_VERSION,
      connectionId: this.connection.number,
      maxFrameSize: limits.maxFrameSize,
      epoch,
    });
  }

  /** Messages that wait for this client, over all of its subscriptions. */
  lag(): number {
    let lag = this.home.specialLag(this);
    for (const subscription of this.subscriptions.values()) lag += subscription.lag;
    return lag;
  }

  /** Sends a frame that is for this client alone. */
  answer(frame: BrokerFrame): void {
    this.send(encodeBrokerFrame(frame));
  }

  /** Answers a request with OK, if it asked for an answer. */
  answerOk(request: number): void {
    if (request !== 0) this.answer({ type: BrokerType.OK, request });
  }

  /** Ends the connection with an ERROR. */
  fail(error: ProtocolError): void {
    if (this.state === 'closing') return;
    debug('%s fails: %s %s', this.name, error.code, error.message);
    this.answer(errorFrame(error));
    this.state = 'closing';
    this.leaveTopics();
    this.outbox.flush();
    this.connection.end(closeReason(error.code));
  }

  /** Ends the connection in good order. */
  close(reason: string): void {
    if (this.state === 'closing') return;
    for (const subscription of this.subscriptions.values()) {
      subscription.topic.log.seal();
      subscription.pump();
    }
    this.answer({ type: BrokerType.CLOSING, reason });
    this.state = 'closing';
    this.leaveTopics();
    this.outbox.flush();
    this.connection.end('local');
  }

  /** Stops reading all topics. */
  leaveTopics(): void {
    for (const subscription of this.subscriptions.values()) subscription.topic.remove(subscription);
    this.subscriptions.clear();
    this.#waiting = [];
    this.topic?.slow.forget(this);
  }

  /**
   * Begins to read a topic.
   *
   * @throws ProtocolError LIMIT, OUT_OF_RANGE
   */
  subscribe(topic: Topic, frame: SubscribeFrame): Subscription {
    const { request } = frame;
    const { maxSubscriptions } = this.home.limits;
    const old = this.subscriptions.get(topic.name);
    if (old === undefined && this.subscriptions.size >= maxSubscriptions) {
      throw new ProtocolError('LIMIT', `${maxSubscriptions} subscriptions are the most for one connection`, {
        request,
      });
    }
    const { skippedFrom, nextId } = topic.place(frame.start, frame.after, request);
    if (old !== undefined) this.unsubscribe(old);
    const subscription = new Subscription(topic, this, skippedFrom, frame.window);
    this.subscriptions.set(topic.name, subscription);
    topic.add(subscription);
    this.answerOk(request);
    subscription.skipTo(nextId);
    subscription.pump();
    return subscription;
  }

  /** Stops reading a topic. */
  unsubscribe(subscription: Subscription): void {
    this.subscriptions.delete(subscription.topic.name);
    this.#waiting = this.#waiting.filter((waiting) => waiting !== subscription);
    subscription.topic.remove(subscription);
  }

  /** Shows a frame to those who want to see it. */
  trace(direction: Direction, type: number, bytes: Buffer, start: number, end: number): void {
    if (this.home.watched) this.home.watch(this, direction, type, bytes, start, end);
    if (debug.enabled) debug('%s %s', this.name, describeBytes(direction, type, bytes, start, end));
  }

  #traceOut(bytes: Buffer): void {
    new FrameReader((...frame) => this.trace('out', ...frame), { limit: 0xffff_ffff }).push(bytes);
  }

  #holdForAnswers(): void {
    this.#answersHeld = true;
    this.connection.pause();
  }

  #readOn(): void {
    if (!this.#held && !this.#answersHeld) this.connection.resume();
  }

  #timeout(message: string): void {
    this.fail(new ProtocolError('TIMEOUT', message));
  }
}
