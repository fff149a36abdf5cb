import type { Socket } from 'node:net';
import createDebug from 'debug';
import { type FrameHandler, FrameReader } from '#framing';
import { BatchedWriter } from '../batched-writer.ts';
import * as wire from '../index.ts';
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
  /** Something was thrown that nobody meant to throw; its `cause` says what. */
  reportFault(fault: wire.ProtocolError): void;
}

/** `new` until HELLO, `ready` then, `closing` from the last frame on. */
type SessionState = { is: 'new' } | { is: 'ready'; client: EngineClient } | { is: 'closing' };

/**
 * One connection: reads its frames, answers them in order, has the engine deliver. Nothing that it meets ends the
 * process.
 */
export class Session implements EngineClientHost {
  readonly #id: number;
  readonly #socket: Socket;
  readonly #host: SessionHost;
  readonly #writer: BatchedWriter;
  readonly #reader: FrameReader;
  #state: SessionState = { is: 'new' };
  // Looked up once for each chunk: for each frame it would cost a tenth of what a small PUBLISH does.
  #traced = false;
  #deadline: NodeJS.Timeout | undefined;

  /** @param socket - with `allowHalfOpen`: a client may end its direction and still wait for answers */
  constructor(id: number, socket: Socket, host: SessionHost) {
    this.#id = id;
    this.#socket = socket;
    this.#host = host;
    this.#writer = new BatchedWriter(socket);
    this.#reader = new FrameReader((type, bytes, start, end) => this.#onFrame(type, bytes, start, end), {
      limit: wire.HELLO_FRAME_LIMIT,
    });
    socket.on('data', (chunk) => this.#onData(chunk));
    // In a later turn: who reads as fast as we write must not keep the others waiting.
    socket.on('drain', () => setImmediate(() => this.#onDrain()));
    // Also later: the engine may gather until the end of the turn, and what this client has published is its due, too.
    socket.once('end', () => setImmediate(() => this.#onEnd()));
    socket.once('close', () => {
      this.#leave(0);
      clearTimeout(this.#deadline);
    });
  }

  get full(): boolean {
    return this.#writer.full;
  }

  send(frames: Uint8Array): boolean {
    if (this.#state.is === 'closing') return true;
    if (debug.enabled) this.#traceSent(frames);
    return this.#writer.send(frames);
  }

  wake(): void {
    const state = this.#state;
    if (state.is === 'ready') this.#guard(() => state.client.deliver());
  }

  // #region fail
  /** Says why, and ends the connection. What nobody meant to throw is told as INTERNAL, and logged. */
  fail(thrown: unknown): void {
    const error = wire.toProtocolError(thrown);
    if (error.code === 'INTERNAL') this.#host.reportFault(error);
    this.#leave(this.#host.limits.closeTimeoutMs, wire.errorFrame(error));
  }
  // #endregion fail

  /** The broker ends. */
  shutdown(): void {
    if (this.#state.is === 'new')
      this.fail(new wire.ProtocolError('SHUTDOWN', 'the broker is shutting down'));
    else this.#leave(this.#host.limits.closeTimeoutMs, { type: 'CLOSING', reason: 'shutdown' });
  }

  // #region on-data
  #onData(chunk: Buffer): void {
    // When closing, what still comes is thrown away. Left unread, it would make the system reset the connection at
    // its end, and the client might never see the last frame.
    if (this.#state.is === 'closing') return;
    this.#traced = debug.enabled;
    this.#guard(() => this.#reader.push(chunk));
    this.#writer.flush();
    this.#onDrain();
  }

  #onDrain(): void {
    this.wake();
    // The one rule of backpressure: who does not read is not read from.
    if (this.full && this.#state.is !== 'closing') this.#socket.pause();
    else this.#socket.resume();
  }
  // #endregion on-data

  #onFrame(type: number, bytes: Buffer, start: number, end: number): void {
    const state = this.#state;
    // Behind the last frame of a connection there may be others in the same read.
    if (state.is === 'closing') return;
    if (this.#traced) debug('client %d -> %s', this.#id, wire.describeBytes(type, bytes, start, end));
    const isHello = type === wire.ClientType.HELLO;
    const name = isHello === (state.is === 'new') ? undefined : wire.clientCodec.nameOf(type);
    if (name !== undefined) {
      throw new wire.ProtocolError('BAD_STATE', isHello ? 'a second HELLO' : `${name} before HELLO`);
    }
    if (state.is === 'new') {
      this.#welcome(type, bytes, start, end);
      return;
    }
    const answer = answerFrame(state.client, this.#host.limits, type, bytes, start, end);
    if (answer?.type === 'CLOSING') this.#leave(this.#host.limits.closeTimeoutMs, answer);
    else if (answer !== undefined) this.#answer(answer);
  }

  #welcome(...hello: Parameters<FrameHandler>): void {
    // Everybody is let in, but the frame must be in order.
    wire.clientCodec.decode(...hello);
    const { engine, epoch, limits } = this.#host;
    const { maxFrameSize } = limits;
    this.#state = { is: 'ready', client: engine.connect(this) };
    this.#reader.limit = maxFrameSize;
    this.#answer({
      type: 'WELCOME',
      version: wire.PROTOCOL_VERSION,
      connectionId: this.#id,
      maxFrameSize,
      epoch,
    });
  }

  #answer(frame: wire.BrokerFrame): void {
    this.send(wire.brokerCodec.encode(frame));
  }

  /** The client has ended its direction. All that it sent was answered; it may still have to read that. */
  #onEnd(): void {
    if (this.#reader.midFrame) this.#socket.destroy();
    else this.#leave(this.#host.limits.drainTimeoutMs);
  }

  // #region leave
  /** Sends the last frame, if there is one, and ends our direction. The client has so long to take it all and go. */
  #leave(milliseconds: number, last?: wire.BrokerFrame): void {
    const state = this.#state;
    if (state.is === 'closing') return;
    if (last !== undefined) this.#answer(last);
    this.#state = { is: 'closing' };
    this.#deadline = setTimeout(() => this.#socket.destroy(), milliseconds);
    this.#writer.end();
    this.#socket.resume();
    if (state.is === 'ready') this.#guard(() => state.client.close());
  }
  // #endregion leave

  #traceSent(frames: Uint8Array): void {
    const trace: FrameHandler = (...frame) =>
      debug('client %d <- %s', this.#id, wire.describeBytes(...frame));
    new FrameReader(trace, { limit: 0xffff_ffff }).push(Buffer.from(frames));
  }

  /** What is thrown in there ends this connection, and nothing else. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }
}
