import type { Socket } from 'node:net';
import createDebug from 'debug';
import { FrameReader } from '#framing';
import type { BrokerFrame } from './broker-frames.ts';
import { type ClientFrame, decodeClientFrame, type HelloFrame } from './client-frames.ts';
import { BrokerType, ClientType, PROTOCOL_VERSION } from './constants.ts';
import { Deadlines } from './deadlines.ts';
import { describeFrame } from './describe.ts';
import { Outbox } from './outbox.ts';
import { ProtocolError } from './protocol-error.ts';
import { answerRequest, type Request } from './requests.ts';
import { beforeHello, OVERDUE, toProtocolError } from './session-errors.ts';
import { type Feed, SubscriptionManager } from './subscription-manager.ts';
import { TurnInbox } from './turn-inbox.ts';

const debugBroker = createDebug('leveret:broker');
const debugProtocol = createDebug('leveret:protocol');

/** `new` until HELLO is accepted, `ready` then, `closing` when the last frame is sent, `closed` at the end. */
export type SessionState = 'new' | 'ready' | 'closing' | 'closed';

/** What a session asks of its broker. */
export interface SessionHost extends Feed {
  readonly epoch: number;
  /** True if the token of a HELLO lets its client in. */
  admits(token: string): boolean;
  /** Give a topic new messages; their payloads are copied. */
  publish(
    topic: string,
    records: readonly { key: string; payload: Buffer }[],
  ): { firstId: number; count: number };
  /** The session's state has changed. */
  moved(session: Session, from: SessionState): void;
}

/** One connection, from its opening to its end: reads frames, keeps the state, answers, delivers. */
export class Session {
  readonly id: number;
  readonly #socket: Socket;
  readonly #host: SessionHost;
  readonly #reader: FrameReader;
  readonly #inbox: TurnInbox;
  readonly #outbox: Outbox;
  readonly #deadlines: Deadlines;
  readonly #subscriptions: SubscriptionManager;
  #state: SessionState = 'new';
  #who: string;
  #framesRead = 0;
  /** The client has ended its direction. */
  #ended = false;
  /** What made the stream unreadable; told when the frames before it are dealt with. */
  #broken: { readonly error: unknown } | undefined;
  /** True while this broker does not read from the socket. */
  #paused = false;
  #destroyAt = Number.POSITIVE_INFINITY;
  #shownLag = 0;
  #deliverBooked = false;

  constructor(socket: Socket, id: number, host: SessionHost) {
    const { limits, clock } = host;
    this.id = id;
    this.#who = `client ${id}`;
    this.#socket = socket;
    this.#host = host;
    this.#inbox = new TurnInbox(
      (...frame) => this.#onFrame(...frame),
      limits.workPerTurn,
      () => this.#runInbox(),
    );
    this.#reader = new FrameReader(
      (...frame) => {
        this.#framesRead += 1;
        this.#inbox.take(...frame);
      },
      { limit: limits.helloFrameLimit },
    );
    this.#outbox = new Outbox(socket, {
      limits,
      clock,
      onFrame: (frame) => this.#trace('<-', frame),
      onRelief: () => this.#adjustReading(),
    });
    this.#deadlines = new Deadlines(limits, clock());
    this.#subscriptions = new SubscriptionManager(host, () => this.wake());
    // The client may end its direction and still wait for answers.
    socket.allowHalfOpen = true;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#onDrain());
    socket.on('error', (error) => debugBroker('%s: %s', this.#who, error.message));
    socket.once('close', () => this.#onClose());
    debugBroker('%s connected from %s', this.#who, socket.remoteAddress);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** How many subscriptions it has. */
  get subscriptions(): number {
    return this.#subscriptions.subscriber.size;
  }

  /** Messages were published: take those that are wanted, and send what the socket takes. */
  wake(): void {
    if (!this.collect()) return;
    this.#deliver();
  }

  /** Take what was published from the channel. False if that was too much for this client. */
  collect(): boolean {
    if (this.#state !== 'ready') return false;
    try {
      this.#subscriptions.collect();
      this.#showLag();
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** Look at the time. The broker calls this for every connection, some times a second. */
  tick(now: number): void {
    if (now >= this.#destroyAt) this.#socket.destroy();
    if (this.#state !== 'new' && this.#state !== 'ready') return;
    if (this.#outbox.stuck(now)) {
      this.fail(new ProtocolError('SLOW', 'the client does not read its answers'));
      return;
    }
    const overdue = this.#deadlines.check(now, this.#state === 'ready');
    if (overdue === 'ping') {
      this.#outbox.answer({ type: BrokerType.PING, bytes: Buffer.alloc(0) });
      this.#outbox.flush();
    } else if (overdue !== undefined) {
      this.fail(new ProtocolError('TIMEOUT', OVERDUE[overdue]));
    }
  }

  /** The broker ends: say goodbye. */
  shutdown(): void {
    if (this.#state === 'ready') this.#closeWith({ type: BrokerType.CLOSING, reason: 'shutdown' });
    else this.fail(new ProtocolError('SHUTDOWN', 'the broker is shutting down'));
  }

  // #region fail
  /** End this connection because of an error, and say why. Whatever was thrown: the process goes on. */
  fail(error: unknown): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    const { wireCode, message } = toProtocolError(error);
    debugBroker('%s: %s, closing: %o', this.#who, message, error);
    this.#closeWith({ type: BrokerType.ERROR, request: 0, code: wireCode, reason: message.slice(0, 1000) });
  }
  // #endregion fail

  #onData(chunk: Buffer): void {
    // When closing, what still comes is read and thrown away. If it stayed unread, the system would reset the
    // connection at its end, and the client might never see the last frame.
    if (this.#state === 'closing' || this.#state === 'closed') return;
    const before = this.#framesRead;
    this.#inbox.begin();
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#broken = { error };
    }
    this.#deadlines.heard(this.#host.clock(), this.#reader.midFrame, this.#framesRead > before);
    this.#afterFrames();
  }

  #runInbox(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    try {
      this.#inbox.run();
    } catch (error) {
      this.fail(error);
    }
    this.#afterFrames();
    if (this.#ended && this.#inbox.empty) this.#endInOrder();
  }

  /** Send the answers to what was read; then see whether to read on. */
  #afterFrames(): void {
    if (this.#state !== 'new' && this.#state !== 'ready') return;
    // The frames before the broken place are good, and are answered first.
    if (this.#broken !== undefined && this.#inbox.empty) {
      this.fail(this.#broken.error);
      return;
    }
    this.#outbox.flush();
    this.#deliver();
    this.#adjustReading();
  }

  #onFrame(type: number, bytes: Buffer, start: number, end: number): void {
    // The last frame of a connection may have others behind it in the same read.
    if (this.#state === 'closing' || this.#state === 'closed') return;
    if (this.#state === 'new' && type !== ClientType.HELLO) throw beforeHello(type);
    if (this.#state === 'ready' && type === ClientType.HELLO)
      throw new ProtocolError('BAD_STATE', 'a second HELLO');
    const frame = decodeClientFrame(type, bytes, start, end);
    this.#trace('->', frame);
    if (frame.type === ClientType.HELLO) this.#welcome(frame);
    else if (frame.type === ClientType.CLOSE)
      this.#closeWith({ type: BrokerType.CLOSING, reason: 'goodbye' });
    else this.#serve(frame);
  }

  #serve(frame: Request): void {
    try {
      const { answer, work } = answerRequest(frame, this.#subscriptions, this.#host);
      this.#inbox.spend(work);
      if (answer !== undefined) this.#outbox.answer(answer);
    } catch (error) {
      const refusal = toProtocolError(error);
      if (refusal.fatal) throw error;
      const request = 'request' in frame ? frame.request : 0;
      this.#outbox.answer({
        type: BrokerType.ERROR,
        request,
        code: refusal.wireCode,
        reason: refusal.message,
      });
    }
    this.#showLag();
  }

  #welcome({ name, token }: HelloFrame): void {
    if (!this.#host.admits(token))
      throw new ProtocolError('DENIED', 'this token lets nobody in', { fatal: true });
    const { epoch, limits } = this.#host;
    this.#who = `${JSON.stringify(name)} (client ${this.id})`;
    this.#reader.limit = limits.maxFrameSize;
    this.#move('ready');
    this.#outbox.answer({
      type: BrokerType.WELCOME,
      version: PROTOCOL_VERSION,
      connectionId: this.id,
      maxFrameSize: limits.maxFrameSize,
      epoch,
    });
  }

  #deliver(): void {
    if (this.#state !== 'ready' || this.#ended) return;
    try {
      this.#outbox.deliver(this.#subscriptions.subscriber);
      this.#showLag();
    } catch (error) {
      // This is also called by timers and by the channel, where nobody would catch it.
      this.fail(error);
    }
  }

  #onDrain(): void {
    if (this.#deliverBooked) return;
    this.#deliverBooked = true;
    // In a later turn: a client that reads as fast as we write must not keep the others waiting.
    setImmediate(() => {
      this.#deliverBooked = false;
      this.#deliver();
    });
  }

  /** Read on, unless there is still something to do, or the client does not read what it is answered. */
  #adjustReading(): void {
    if (this.#state !== 'new' && this.#state !== 'ready') return;
    this.#setPaused(!this.#inbox.empty || this.#outbox.overfull);
  }

  #setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    if (paused) {
      this.#deadlines.pause();
      this.#socket.pause();
    } else {
      this.#deadlines.resume(this.#host.clock());
      this.#socket.resume();
    }
  }

  #onEnd(): void {
    this.#ended = true;
    if (this.#inbox.empty) this.#endInOrder();
  }

  /** The client has ended its direction, and everything that it sent has been dealt with. */
  #endInOrder(): void {
    if (this.#state === 'closed') return;
    if (this.#state !== 'closing') {
      if (this.#reader.midFrame) {
        debugBroker('%s ended in the middle of a frame', this.#who);
        this.#socket.destroy();
        return;
      }
      this.#leave(this.#host.limits.drainTimeoutMs);
    }
    this.#outbox.end();
  }

  /** Send the last frame, and end. */
  #closeWith(frame: BrokerFrame): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#outbox.answer(frame);
    this.#leave(this.#host.limits.closeTimeoutMs);
    this.#outbox.end();
    this.#setPaused(false);
  }

  /** Go to the state closing, for at most so many milliseconds. */
  #leave(milliseconds: number): void {
    this.#destroyAt = this.#host.clock() + milliseconds;
    this.#subscriptions.close();
    this.#inbox.clear();
    this.#move('closing');
  }

  #onClose(): void {
    if (this.#state === 'closed') return;
    this.#subscriptions.close();
    this.#inbox.clear();
    this.#move('closed');
    debugBroker('%s is gone', this.#who);
  }

  #move(state: SessionState): void {
    const from = this.#state;
    this.#state = state;
    this.#host.moved(this, from);
  }

  #trace(arrow: '->' | '<-', frame: ClientFrame | BrokerFrame): void {
    if (debugProtocol.enabled) debugProtocol('%s %s %s', this.#who, arrow, describeFrame(frame));
  }

  #showLag(): void {
    if (!debugBroker.enabled) return;
    const { lag } = this.#subscriptions.subscriber;
    if (lag === this.#shownLag) return;
    debugBroker('%s lag %d -> %d', this.#who, this.#shownLag, lag);
    this.#shownLag = lag;
  }
}
