import createDebug from 'debug';
import type { Connection } from '#connections';
import { FrameReader } from '#framing';
import {
  type BrokerFrame,
  brokerCodec,
  errorFrame,
  PROTOCOL_VERSION,
  ProtocolError,
  toProtocolError,
} from '#protocol';
import { type Grants, NO_GRANTS } from '../access/grants.ts';
import type { Resumable, SubscriptionHost, SubscriptionKind } from '../delivery/subscription.ts';
import { SubscriptionSet } from '../delivery/subscription-set.ts';
import type { Faults } from '../faults.ts';
import type { BrokerLimits } from '../limits.ts';
import type { Topic } from '../topics/topic.ts';
import type { Hold } from '../topics/topic-reader.ts';
import { closeReason } from './close-reason.ts';
import type { FrameTrace } from './frame-trace.ts';
import { Outbox } from './outbox.ts';
import type { PostponedFrames } from './postponed-frames.ts';
import type { PublishingClient } from './publishing.ts';
import { ReadPause, type ReadPauseHost } from './read-pause.ts';
import { describeOverdue, SessionDeadlines } from './session-deadlines.ts';
import type { TickScheduler } from './tick-scheduler.ts';

const debug = createDebug('leveret:broker');

/** What a session needs of its broker. */
export interface SessionHost {
  readonly limits: BrokerLimits;
  readonly scheduler: TickScheduler;
  readonly faults: Pick<Faults, 'report'>;
  readonly trace: FrameTrace;
  /** Number of this run of the broker. */
  readonly epoch: number;
  /** The kinds of subscriptions that there are. */
  readonly kinds: readonly SubscriptionKind[];
  /**
   * Serves one frame, whose body is `bytes[start, end)`.
   *
   * @throws what ends the connection
   */
  serve(session: Session, type: number, bytes: Buffer, start: number, end: number): void;
  /** The session has said HELLO, or never will: one fewer to wait for. */
  settled(): void;
}

/** One client on one connection: what it said, what it is owed. */
export class Session implements SubscriptionHost, PublishingClient, ReadPauseHost {
  readonly connection: Connection<Session>;
  readonly outbox: Outbox;
  readonly subscriptions: SubscriptionSet;
  /** Whether, and why, it is not read from. */
  readonly readPause = new ReadPause(this);
  /** What the client calls itself. */
  name = '';
  state: 'greeting' | 'ready' | 'closing' = 'greeting';
  grants: Grants = NO_GRANTS;
  /** The topic of its last PUBLISH. */
  topic: Topic | undefined;
  /** Whether somebody wants to see its frames. Looked up once for each chunk, not for each frame. */
  traced = false;

  readonly #host: SessionHost;
  readonly #reader: FrameReader;
  readonly #deadlines: SessionDeadlines;
  // Made when first needed: there may be very many idle sessions.
  #waiting: Set<Resumable> | undefined;
  #endPending = false;

  constructor(host: SessionHost, connection: Connection<Session>) {
    this.#host = host;
    this.connection = connection;
    this.outbox = new Outbox(connection, host.scheduler);
    this.subscriptions = new SubscriptionSet(this, host.kinds, host.limits.maxSubscriptions);
    this.#deadlines = new SessionDeadlines(host.scheduler.now);
    this.#reader = new FrameReader(
      (type, bytes, start, end) => {
        this.#deadlines.frameEnded();
        host.serve(this, type, bytes, start, end);
      },
      { limit: host.limits.helloFrameLimit },
    );
  }

  /** Number of its connection. */
  get number(): number {
    return this.connection.number;
  }

  /** Bytes have come. */
  receive(chunk: Buffer): void {
    if (this.state === 'closing') return;
    this.#deadlines.heard();
    this.traced = this.#host.trace.on;
    try {
      this.#reader.push(chunk);
    } catch (thrown) {
      this.fail(thrown);
      return;
    }
    if (this.#reader.midFrame) this.#deadlines.frameBegun(this.#host.scheduler.now);
  }

  /** The connection takes more again. */
  drained(): void {
    this.outbox.full = false;
    this.readPause.drained();
    // One that fills the connection again goes to the end of the line, so that all have their turn.
    for (const reader of this.#waiting ?? []) {
      if (this.outbox.full) break;
      this.#waiting?.delete(reader);
      reader.resume();
    }
  }

  /** The client has ended its side: nothing more comes, but it may still read. */
  ended(): void {
    // What it sent before is served first.
    this.#endPending = this.readPause.on;
    if (this.#endPending || this.state === 'closing') return;
    this.subscriptions.deliverRest();
    this.#finish();
    this.connection.end(this.#reader.midFrame ? 'bad-input' : 'peer');
  }

  /** The connection is gone. */
  closed(): void {
    this.#finish();
  }

  /** Looks at its deadlines. */
  sweep(now: number): void {
    const { limits } = this.#host;
    const overdue = this.#deadlines.check(now, !this.readPause.on, limits);
    if (overdue === undefined || this.state === 'closing') return;
    if (overdue === 'ping') this.answer({ type: 'PING', bytes: Buffer.alloc(0) });
    else this.fail(new ProtocolError('TIMEOUT', describeOverdue(overdue, limits)));
  }

  /** The client was let in: from now on it may send anything. */
  welcome(name: string, grants: Grants): void {
    const { limits, epoch } = this.#host;
    this.name = name;
    this.grants = grants;
    this.state = 'ready';
    this.#reader.limit = limits.maxFrameSize;
    this.#deadlines.welcomed();
    this.#host.settled();
    this.answer({
      type: 'WELCOME',
      version: PROTOCOL_VERSION,
      connectionId: this.number,
      maxFrameSize: limits.maxFrameSize,
      epoch,
    });
  }

  /** Sends a frame that is for this client alone. Who does not read its answers is not read from. */
  answer(frame: BrokerFrame): void {
    if (this.state === 'closing') return;
    this.send(brokerCodec.encode(frame));
    // Only a full connection says when it has room again.
    if (this.outbox.full && this.outbox.queuedBytes > this.#host.limits.highWaterBytes) {
      this.readPause.answersBuffered();
    }
  }

  answerOk(request: number): void {
    if (request !== 0) this.answer({ type: 'OK', request });
  }

  /** Tells the client what cannot be done. What ends the connection, ends it. */
  refuse(thrown: unknown, request = 0): void {
    const error = toProtocolError(thrown);
    if (error.fatal) this.fail(thrown);
    else this.answer(errorFrame(error, request));
  }

  /** Ends the connection with an ERROR. A fault of ours is logged and counted. */
  fail(thrown: unknown): void {
    const error = toProtocolError(thrown);
    if (error.code === 'INTERNAL') {
      this.#host.faults.report(thrown, { connection: this.number, client: this.name });
    }
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
    this.subscriptions.deliverRest();
    this.answer({ type: 'CLOSING', reason });
    this.#finish();
    this.connection.end('local');
  }

  /** Shows a frame that has come to those who look on. */
  trace(type: number, bytes: Buffer, start: number, end: number): void {
    this.#host.trace.frame(this, 'in', type, bytes, start, end);
  }

  // What its subscriptions need.

  get full(): boolean {
    return this.outbox.full;
  }

  send(frames: Uint8Array): boolean {
    if (this.#host.trace.on) this.#host.trace.framesOut(this, frames);
    return this.outbox.send(frames);
  }

  resumeLater(reader: Resumable): void {
    this.#waiting ??= new Set();
    this.#waiting.add(reader);
  }

  forget(reader: Resumable): void {
    this.#waiting?.delete(reader);
  }

  tooSlow(unread: number): void {
    this.fail(
      new ProtocolError('SLOW', `this client lags ${unread} messages behind on a topic; read faster`),
    );
  }

  // What topics need of it as a publisher.

  get heldBy(): ReadonlySet<Hold> {
    return this.readPause.heldBy;
  }

  hold(by: Hold): void {
    this.readPause.hold(by);
  }

  release(by: Hold): void {
    this.readPause.release(by);
  }

  pauseReading(): void {
    this.connection.pause();
  }

  resumeReading(postponed: PostponedFrames | undefined): void {
    if (this.state === 'closing') return;
    try {
      this.#deadlines.resumed(this.#host.scheduler.now, this.#reader.midFrame);
      postponed?.replay((...frame) => this.#host.serve(this, ...frame));
      if (this.readPause.on) return;
      this.connection.resume();
      if (this.#endPending) this.ended();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** From now on it takes part in nothing. The one place where a session's state becomes `closing`. */
  #finish(): void {
    if (this.state === 'closing') return;
    if (this.state === 'greeting') this.#host.settled();
    this.state = 'closing';
    this.subscriptions.clear();
    this.#waiting = undefined;
    this.readPause.leave(this);
    this.outbox.flush();
  }
}
