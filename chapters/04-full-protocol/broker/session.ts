import type { Socket } from 'node:net';
import createDebug from 'debug';
import { FrameReader } from '#framing';
import { BatchedWriter } from '../batched-writer.ts';
import {
  type BrokerFrame,
  ClientType,
  decodeClientFrame,
  describeBytes,
  encodeBrokerFrame,
  errorFrame,
  frameName,
  HELLO_FRAME_LIMIT,
  PROTOCOL_VERSION,
  ProtocolError,
  toProtocolError,
} from '../wire/index.ts';
import type { Engine, EngineClient, EngineClientHost } from './engine.ts';
import type { BrokerLimits } from './limits.ts';
import { answerFrame } from './requests.ts';

const debug = createDebug('leveret:protocol');

/** What a session needs of its broker. */
export interface SessionHost {
  readonly limits: BrokerLimits;
  readonly engine: Engine;
  /** Number of this life of the topics, as WELCOME tells it. */
  readonly epoch: number;
  /** Something was thrown that nobody meant to throw; `cause` is what. */
  reportFault(fault: ProtocolError): void;
}

/** `new` until HELLO, `ready` then, `closing` from the last frame on. */
type SessionState =
  | { readonly is: 'new' | 'closing' }
  | { readonly is: 'ready'; readonly client: EngineClient };

/** One connection: reads its frames, answers them in order, has the engine deliver. Nothing that it meets ends the process. */
export class Session implements EngineClientHost {
  readonly #id: number;
  readonly #socket: Socket;
  readonly #host: SessionHost;
  readonly #writer: BatchedWriter;
  readonly #reader: FrameReader;
  #state: SessionState = { is: 'new' };
  /** For the trace: who this is. */
  #who: string;
  #deadline: NodeJS.Timeout | undefined;

  /** @param socket - with `allowHalfOpen`: a client may end its direction and still wait for answers */
  constructor(id: number, socket: Socket, host: SessionHost) {
    this.#id = id;
    this.#who = `client ${id}`;
    this.#socket = socket;
    this.#host = host;
    this.#writer = new BatchedWriter(socket);
    this.#reader = new FrameReader((...frame) => this.#onFrame(...frame), { limit: HELLO_FRAME_LIMIT });
    socket.on('data', (chunk) => this.#onData(chunk));
    // In a later turn: who reads as fast as we write must not keep the others waiting.
    socket.on('drain', () => setImmediate(() => this.#onDrain()));
    socket.on('end', () => this.#onEnd());
    socket.once('close', () => {
      this.#leave();
      clearTimeout(this.#deadline);
    });
  }

  get full(): boolean {
    return this.#writer.full;
  }

  send(bytes: Uint8Array): void {
    if (this.#state.is === 'closing') return;
    if (debug.enabled) this.#traceSent(bytes);
    this.#writer.send(bytes);
  }

  wake(): void {
    if (this.#state.is !== 'ready') return;
    try {
      this.#state.client.deliver();
    } catch (error) {
      this.fail(error);
    }
  }

  // #region fail
  /** Says why, and ends the connection. What nobody meant to throw is told as INTERNAL, and logged. */
  fail(thrown: unknown): void {
    const error = toProtocolError(thrown);
    if (error.code === 'INTERNAL') this.#host.reportFault(error);
    this.#closeWith(errorFrame(error));
  }
  // #endregion fail

  /** The broker ends. */
  shutdown(): void {
    if (this.#state.is === 'ready') this.#closeWith({ type: 'CLOSING', reason: 'shutdown' });
    else if (this.#state.is === 'new') this.fail(new ProtocolError('SHUTDOWN', 'the broker is shutting down'));
    this.#destroyIn(this.#host.limits.closeTimeoutMs);
  }

  // #region on-data
  #onData(chunk: Buffer): void {
    // When closing, what still comes is thrown away. Left unread, it would make the system reset the connection at
    // its end, and the client might never see the last frame.
    if (this.#state.is === 'closing') return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.fail(error);
    }
    this.wake();
    this.#writer.flush();
    this.#adjustReading();
  }
  // #endregion on-data

  #onFrame(type: number, bytes: Buffer, start: number, end: number): void {
    // Behind the last frame of a connection there may be others in the same read.
    if (this.#state.is === 'closing') return;
    if (debug.enabled) debug('%s -> %s', this.#who, describeBytes(type, bytes, start, end));
    const isHello = type === ClientType.HELLO;
    if (isHello !== (this.#state.is === 'new') && isClientType(type)) {
      throw new ProtocolError('BAD_STATE', isHello ? 'a second HELLO' : `${frameName(type)} before HELLO`);
    }
    if (this.#state.is === 'new') {
      const hello = decodeClientFrame(type, bytes, start, end);
      if (hello.type === 'HELLO') this.#welcome(hello.name);
      return;
    }
    const { engine, limits } = this.#host;
    const answer = answerFrame(type, bytes, start, end, { engine, limits, client: this.#state.client });
    if (answer?.type === 'CLOSING') this.#closeWith(answer);
    else if (answer !== undefined) this.send(encodeBrokerFrame(answer));
  }

  #welcome(name: string): void {
    const { engine, epoch, limits } = this.#host;
    const { maxFrameSize } = limits;
    this.#who = `${JSON.stringify(name)} (client ${this.#id})`;
    this.#state = { is: 'ready', client: engine.connect(this) };
    this.#reader.limit = maxFrameSize;
    const welcome = { version: PROTOCOL_VERSION, connectionId: this.#id, maxFrameSize, epoch };
    this.send(encodeBrokerFrame({ type: 'WELCOME', ...welcome }));
  }

  #onDrain(): void {
    this.wake();
    this.#adjustReading();
  }

  /** The one rule of backpressure: who does not read is not read from. */
  #adjustReading(): void {
    if (this.full && this.#state.is !== 'closing') this.#socket.pause();
    else this.#socket.resume();
  }

  /** The client has ended its direction. Everything before was answered; it may still have to read that. */
  #onEnd(): void {
    if (this.#reader.midFrame) this.#socket.destroy();
    else if (this.#leave()) this.#destroyIn(this.#host.limits.drainTimeoutMs);
  }

  /** Sends the last frame, and ends. */
  #closeWith(last: BrokerFrame): void {
    if (this.#state.is === 'closing') return;
    this.send(encodeBrokerFrame(last));
    this.#leave();
    this.#destroyIn(this.#host.limits.closeTimeoutMs);
  }

  /** Ends our direction behind what was sent. False if that was done before. */
  #leave(): boolean {
    const state = this.#state;
    if (state.is === 'closing') return false;
    this.#state = { is: 'closing' };
    this.#writer.end();
    this.#socket.resume();
    try {
      if (state.is === 'ready') state.client.close();
    } catch (fault) {
      this.#host.reportFault(toProtocolError(fault));
    }
    return true;
  }

  #destroyIn(milliseconds: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#socket.destroy(), milliseconds);
  }

  #traceSent(frames: Uint8Array): void {
    const reader = new FrameReader(
      (...frame) => debug('%s <- %s', this.#who, describeBytes(...frame)),
      { limit: 0xffff_ffff },
    );
    reader.push(Buffer.from(frames));
  }
}

function isClientType(type: number): boolean {
  return type < 0x80 && frameName(type) !== undefined;
}
