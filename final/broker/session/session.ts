import createDebug from 'debug';
import type { Connection } from '#connections';
import { errorFrame, PROTOCOL_VERSION, ProtocolError, toProtocolError } from '#protocol';
import type { Clock } from '#topics';
import { type Grants, NO_GRANTS } from '../access/grants.ts';
import type { SubscriptionHost, SubscriptionKind } from '../delivery/subscription.ts';
import { SubscriptionSet } from '../delivery/subscription-set.ts';
import type { SubscriptionTotal } from '../delivery/subscription-total.ts';
import type { Faults } from '../faults.ts';
import type { BrokerLimits } from '../limits.ts';
import type { BufferedMemory, BufferingClient, Holding, SharedMemory } from '../memory/buffered-memory.ts';
import type { Topic } from '../topics/topic.ts';
import type { Hold } from '../topics/topic-reader.ts';
import { closeReason } from './close-reason.ts';
import type { FrameTrace } from './frame-trace.ts';
import type { PendingSession } from './pending-sessions.ts';
import type { PublishingClient } from './publishing.ts';
import type { ReadPause } from './read-pause.ts';
import { describeOverdue } from './session-deadlines.ts';
import { SessionInput, type SessionInputHost } from './session-input.ts';
import { SessionOutput } from './session-output.ts';
import type { TickScheduler } from './tick-scheduler.ts';
import type { TurnTime } from './turn-time.ts';
import type { UnfinishedFrames } from './unfinished-frames.ts';

const debug = createDebug('leveret:broker');

/** What a session needs of its broker. */
export interface SessionHost {
  readonly limits: BrokerLimits;
  readonly scheduler: TickScheduler;
  readonly turn: TurnTime;
  /** Whole milliseconds, by the clock of the sweeps. */
  readonly deadlineClock: Clock;
  readonly faults: Pick<Faults, 'report'>;
  readonly trace: FrameTrace;
  /** Number of this run of the broker. */
  readonly epoch: number;
  /** What of frames has come in part, on all connections. */
  readonly unfinished: UnfinishedFrames;
  /** The subscriptions of all sessions. */
  readonly subscriptions: SubscriptionTotal;
  /** What is buffered for all clients. */
  readonly buffered: Pick<BufferedMemory, 'grew'>;
  /** The kinds of subscriptions that there are. */
  readonly kinds: readonly SubscriptionKind[];
  /**
   * Serves one frame, whose body is `bytes[start, end)`.
   *
   * @throws what ends the connection
   */
  serve(session: Session, type: number, bytes: Buffer, start: number, end: number): void;
  /** The session has said HELLO, or never will: one fewer to wait for. */
  settled(session: Session): void;
}

/** One client on one connection: what it said, what it is owed. */
export class Session
  extends SessionOutput
  implements SubscriptionHost, PublishingClient, SessionInputHost, PendingSession, BufferingClient
{
  readonly subscriptions: SubscriptionSet;
  /** Whether, and why, it is not read from. */
  readonly readPause: ReadPause;
  state: 'greeting' | 'ready' | 'closing' = 'greeting';
  grants: Grants = NO_GRANTS;
  /** The topic of its last PUBLISH. */
  topic: Topic | undefined;
  /** Whether somebody wants to see its frames. Looked up once for each chunk, not for each frame. */
  traced = false;

  readonly #host: SessionHost;
  readonly #input: SessionInput;

  constructor(host: SessionHost, connection: Connection<Session>) {
    super(host, connection);
    this.#host = host;
    const { kinds, limits } = host;
    this.subscriptions = new SubscriptionSet(this, kinds, limits.maxSubscriptions, host.subscriptions);
    this.#input = new SessionInput(host, this);
    this.readPause = this.#input.pause;
  }

  get remoteAddress(): string | undefined {
    return this.connection.remoteAddress;
  }

  get isClosing(): boolean {
    return this.state === 'closing';
  }

  /** Bytes have come. */
  receive(chunk: Buffer): void {
    if (this.state === 'closing') return;
    this.traced = this.#host.trace.on;
    this.#input.receive(chunk);
  }

  /** The client has ended its side: nothing more comes, but it may still read. */
  ended(): void {
    this.#input.ended();
  }

  /** The connection is gone. */
  closed(): void {
    this.#finish();
  }

  /** Looks at its deadlines. */
  sweep(now: number): void {
    const { limits } = this.#host;
    const overdue = this.#input.overdue(now);
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
    this.#input.welcomed(limits.maxFrameSize);
    this.#host.settled(this);
    this.answer({
      type: 'WELCOME',
      version: PROTOCOL_VERSION,
      connectionId: this.number,
      maxFrameSize: limits.maxFrameSize,
      epoch,
    });
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

  makeRoom(): void {
    const message = 'too many connections have not said HELLO, and this one has been silent longest';
    this.fail(new ProtocolError('FULL', message));
    // At once: who says nothing would keep its place until it is cut off.
    this.connection.destroy();
  }

  cutOff(): void {
    this.connection.destroy('slow');
  }

  measure(shared: SharedMemory): Holding {
    const { own, lent } = this.outbox.measure(shared);
    return { own: own + this.readPause.heldBytes + this.connection.stream.readableLength, lent };
  }

  /**
   * Ends the connection in good order. Who has not said HELLO yet is only told that it is too late.
   *
   * @param withinMs - time to take what is buffered; the limit `closeTimeoutMs` if not given
   */
  close(reason: string, withinMs?: number): void {
    if (this.state === 'closing') return;
    if (this.state === 'greeting') {
      this.fail(new ProtocolError('SHUTDOWN', 'this broker is shutting down'));
      return;
    }
    this.subscriptions.deliverRest();
    this.answer({ type: 'CLOSING', reason });
    this.#finish();
    this.connection.end('local', withinMs);
  }

  /** Whether there is more for it than it has taken so far. */
  get isBehind(): boolean {
    return this.state === 'ready' && this.full && this.subscriptions.lag > 0;
  }

  /** Ends the connection as its token has other permissions now, or none: nothing more is delivered under the old ones. */
  revoke(verdict: 'changed' | 'gone'): void {
    if (this.state !== 'ready') return;
    this.subscriptions.clear();
    if (verdict === 'changed') this.close('the permissions have changed');
    else this.fail(new ProtocolError('DENIED', 'this token is no longer known here', { fatal: true }));
  }

  /** Shows a frame that has come to those who look on. */
  trace(type: number, bytes: Buffer, start: number, end: number): void {
    this.#host.trace.frame(this, 'in', type, bytes, start, end);
  }

  // What its subscriptions need.

  tooSlow(unread: number): void {
    this.fail(
      new ProtocolError('SLOW', `this client lags ${unread} messages behind on a topic; read faster`),
    );
  }

  workOn(work: Iterator<unknown>): void {
    this.#input.workOn(work);
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

  waitForTurn(): void {
    this.#input.awaitTurn();
  }

  // What its input needs of it.

  serve(type: number, bytes: Buffer, start: number, end: number): void {
    this.#host.serve(this, type, bytes, start, end);
  }

  inputEnded(midFrame: boolean): void {
    this.subscriptions.deliverRest();
    this.#finish();
    this.connection.end(midFrame ? 'bad-input' : 'peer');
  }

  /** From now on it takes part in nothing. The one place where a session's state becomes `closing`. */
  #finish(): void {
    if (this.state === 'closing') return;
    if (this.state === 'greeting') this.#host.settled(this);
    this.state = 'closing';
    this.subscriptions.clear();
    this.readPause.leave(this);
    this.#input.finish();
    this.finishOutput();
  }
}
