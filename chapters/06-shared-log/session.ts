import createDebug from 'debug';
import type { Connection } from '#connections';
import { FrameReader } from '#framing';
import {
  type BrokerFrame,
  BrokerType,
  encodeBrokerFrame,
  type HelloFrame,
  PROTOCOL_VERSION,
  ProtocolError,
  type SubscribeFrame,
} from '#protocol/old';
import { closeReason, errorFrame, toProtocolError } from './broker-errors.ts';
import { Outbox } from './outbox.ts';
import type { PostponedFrames } from './postponed-frames.ts';
import { serveFrame } from './requests.ts';
import type { Grants, SessionHome } from './session-home.ts';
import type { Publisher, SlowReaders } from './slow-readers.ts';
import { Stall, type Stallable } from './stall.ts';
import { type Reader, Subscription, type TopicReader } from './subscription.ts';
import type { Topic } from './topic.ts';
import { type Direction, describeBytes } from './trace.ts';

const debug = createDebug('leveret:broker');

/** One client on one connection: what it said, what it is owed. */
export class Session implements Reader, Publisher, Stallable {
  readonly connection: Connection<Session>;
  readonly outbox: Outbox;
  /** What the client calls itself. */
  name = '';
  state: 'greeting' | 'ready' | 'closing' = 'greeting';
  readonly subscriptions = new Map<string, Subscription>();
  readonly openedAt: number;
  grants: Grants | undefined;
  /** Whether somebody wants to see its frames. Looked up once for each chunk, not for each frame. */
  traced = false;
  /** Messages that it published. */
  published = 0;
  /** Whether, and why, it is not read from. */
  readonly stall = new Stall(this);

  /** The topic of its last PUBLISH: most clients publish to the same one again. */
  topic: Topic | undefined;
  readonly home: SessionHome;

  readonly #reader: FrameReader;
  // Made when first needed: there may be very many idle sessions.
  #waiting: Set<TopicReader> | undefined;
  #endWaits = false;
  #frameSince = 0;
  #pings = 0;

  constructor(home: SessionHome, connection: Connection<Session>) {
    this.home = home;
    this.connection = connection;
    this.outbox = new Outbox(connection, home.turn);
    this.openedAt = home.turn.now;
    this.#reader = new FrameReader(
      (type, bytes, start, end) => {
        this.#frameSince = 0;
        serveFrame(this, type, bytes, start, end);
      },
      { limit: home.limits.helloFrameLimit },
    );
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
    if (this.#frameSince === 0 && this.#reader.midFrame) this.#frameSince = this.home.turn.now;
  }

  /** The connection takes more again. */
  drained(): void {
    this.outbox.full = false;
    this.stall.drained();
    // One that fills the connection again goes to the end of the line, so that all have their turn.
    for (const reader of this.#waiting ?? []) {
      if (this.outbox.full) break;
      this.#waiting?.delete(reader);
      reader.topic.resume(reader);
    }
  }

  /** The client has ended its side: nothing more comes, but it may still read. */
  ended(): void {
    // What it sent before is served first.
    this.#endWaits = this.stall.on;
    if (this.stall.on || this.state === 'closing') return;
    this.#sendRest();
    this.#finish();
    this.connection.end(this.#reader.midFrame ? 'bad-input' : 'peer');
  }

  /** The connection is gone. */
  closed(): void {
    this.#finish();
  }

  /** Looks at its deadlines. */
  sweep(now: number): void {
    const { helloTimeoutMs, frameTimeoutMs, idleMs } = this.home.limits;
    if (this.state === 'greeting') {
      if (now - this.openedAt >= helloTimeoutMs) this.#timeout(`no HELLO within ${helloTimeoutMs} ms`);
    }
    // While we do not read it, its silence is ours.
    if (this.stall.on) return;
    if (this.state === 'ready' && idleMs > 0 && this.connection.silentFor >= idleMs * (this.#pings + 1)) {
      this.#probe(idleMs);
    }
    if (this.#frameSince > 0 && now - this.#frameSince >= frameTimeoutMs) {
      this.#timeout(`a frame took more than ${frameTimeoutMs} ms to arrive`);
    }
  }

  // A subscription's side of it.

  send(bytes: Buffer): boolean {
    if (debug.enabled || this.home.watched) this.#traceOut(bytes);
    return this.outbox.send(bytes);
  }

  waitFor(reader: TopicReader): void {
    this.#waiting ??= new Set();
    this.#waiting.add(reader);
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

  get heldBy(): ReadonlySet<SlowReaders> {
    return this.stall.heldBy;
  }

  hold(by: SlowReaders): void {
    this.stall.hold(by);
  }

  goOn(by: SlowReaders): void {
    this.stall.goOn(by);
  }

  /** It has stalled and goes on: serves what had come meanwhile, and reads on. */
  goOnServing(postponed: PostponedFrames | undefined): void {
    if (this.state === 'closing') return;
    this.#pings = 0;
    if (this.#frameSince > 0) this.#frameSince = this.home.turn.now;
    try {
      postponed?.replay((...frame) => serveFrame(this, ...frame));
    } catch (error) {
      this.fail(toProtocolError(error));
    }
    if (this.stall.on) return;
    this.connection.resume();
    if (this.#endWaits) this.ended();
  }

  /** The client was let in: from now on it may send anything. */
  welcome(hello: HelloFrame, grants: Grants | undefined): void {
    const { limits, epoch } = this.home;
    this.name = hello.name;
    this.grants = grants;
    this.state = 'ready';
    this.#reader.limit = limits.maxFrameSize;
    this.home.settled(this);
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

  /** Sends a frame that is for this client alone. Who does not read its answers is not read from. */
  answer(frame: BrokerFrame): void {
    if (this.state === 'closing') return;
    this.send(encodeBrokerFrame(frame));
    // Only a full connection says when it has room again.
    if (this.outbox.full && this.outbox.queuedBytes > this.home.limits.highWaterBytes) {
      this.stall.answersWait();
    }
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
    this.#finish();
    this.connection.end(closeReason(error.code));
  }

  /** Ends the connection in good order. Who has not said HELLO yet is only told that it is too late. */
  close(reason: string): void {
    if (this.state === 'closing') return;
    if (this.state === 'greeting') {
      this.fail(new ProtocolError('SHUTDOWN', 'this broker is shutting down'));
      return;
    }
    this.#sendRest();
    this.answer({ type: BrokerType.CLOSING, reason });
    this.#finish();
    this.connection.end('local');
  }

  /** Stops reading all topics. */
  leaveTopics(): void {
    for (const subscription of this.subscriptions.values()) subscription.topic.remove(subscription);
    this.subscriptions.clear();
    this.#waiting = undefined;
    this.stall.forget(this);
  }

  /**
   * Whether it may read one more topic, or this one again.
   *
   * @throws ProtocolError LIMIT
   */
  checkRoom(topic: string, request: number): void {
    const { maxSubscriptions } = this.home.limits;
    if (this.subscriptions.size < maxSubscriptions || this.subscriptions.has(topic)) return;
    throw new ProtocolError('LIMIT', `${maxSubscriptions} subscriptions are the most for one connection`, {
      request,
    });
  }

  /**
   * Begins to read a topic.
   *
   * @throws ProtocolError LIMIT, OUT_OF_RANGE
   */
  subscribe(topic: Topic, frame: SubscribeFrame): Subscription {
    const { request } = frame;
    this.checkRoom(topic.name, request);
    const old = this.subscriptions.get(topic.name);
    const { skippedFrom, nextId } = topic.place(frame.start, frame.after, request);
    if (old !== undefined) this.unsubscribe(old);
    const subscription = new Subscription(topic, this, nextId, frame.window, skippedFrom);
    this.subscriptions.set(topic.name, subscription);
    topic.add(subscription);
    this.answerOk(request);
    subscription.pump();
    return subscription;
  }

  /** Stops reading a topic. */
  unsubscribe(subscription: Subscription): void {
    this.subscriptions.delete(subscription.topic.name);
    this.#waiting?.delete(subscription);
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

  #probe(idleMs: number): void {
    if (this.#pings === 2) {
      this.#timeout(`two PINGs in ${idleMs * 2} ms were not answered`);
      return;
    }
    this.#pings++;
    this.answer({ type: BrokerType.PING, bytes: Buffer.alloc(0) });
  }

  /** From now on it takes part in nothing. The one place where a session's state becomes `closing`. */
  #finish(): void {
    if (this.state === 'closing') return;
    if (this.state === 'greeting') this.home.settled(this);
    this.state = 'closing';
    this.leaveTopics();
    this.outbox.flush();
  }

  /** Sends its subscriptions what was published up to now, as far as the client takes it. */
  #sendRest(): void {
    for (const subscription of this.subscriptions.values()) {
      subscription.topic.log.seal();
      subscription.pump();
    }
  }

  #timeout(message: string): void {
    this.fail(new ProtocolError('TIMEOUT', message));
  }
}
