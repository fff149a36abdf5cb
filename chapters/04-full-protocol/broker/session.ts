import type { Socket } from 'node:net';
import createDebug from 'debug';
import { FrameSocket } from '#broadcast/server';
import { type FrameHandler, FrameReader } from '#framing';
import * as wire from '../index.ts';
import type { Engine, EngineClient, EngineClientHost } from './engine.ts';
import type { BrokerLimits } from './limits.ts';
import { answerFrame } from './requests.ts';

// step 4.5: a session that says WELCOME

const debug = createDebug('leveret:protocol');

/** What a session needs of its broker. */
export interface SessionHost {
  readonly limits: BrokerLimits;
  readonly engine: Engine;
  /** Ids of one epoch only can be compared; WELCOME tells it. */
  readonly epoch: number;
  /** Something was thrown that nobody meant to throw; its `cause` says what. */
  reportFault(fault: wire.ProtocolError): void;
}

/** One connection of a broker. `shutdown` tells its client that the broker ends. */
export type Session = EngineClientHost & { shutdown(): void };

/**
 * Serves a connection: reads its frames, answers them in order, has the engine deliver. Nothing that it meets ends the
 * process.
 *
 * @param id - number of the connection, which WELCOME tells
 * @param socket - with `allowHalfOpen`: a client may end its direction and still wait for answers
 */
export function openSession(id: number, socket: Socket, host: SessionHost): Session {
  return new SocketSession(id, socket, host);
}

/** `new` until HELLO, `ready` then, `closing` from the last frame on. */
type SessionState = { is: 'new' } | { is: 'ready'; client: EngineClient } | { is: 'closing' };

class SocketSession implements Session {
  readonly #id: number;
  readonly #host: SessionHost;
  readonly #socket: FrameSocket;
  // Looked up once: for each frame it would cost a tenth of what a small PUBLISH does.
  readonly #isTraced = debug.enabled;
  #state: SessionState = { is: 'new' };

  constructor(id: number, socket: Socket, host: SessionHost) {
    this.#id = id;
    this.#host = host;
    // #region handlers
    this.#socket = new FrameSocket(socket, wire.HELLO_FRAME_LIMIT, {
      onFrame: (...frame) => this.#onFrame(frame),
      onTurn: () => {
        if (this.#state.is === 'ready') this.#state.client.deliver();
      },
      // The one rule of backpressure: who does not read is not read from.
      mayRead: () => !this.full,
      onFailure: (thrown) => this.fail(thrown),
      // All that it sent was answered; it may still have to read that.
      onEnd: () => this.#leave(host.limits.drainTimeoutMs),
      onClose: () => this.#leave(0),
    });
    // #endregion handlers
  }

  get full(): boolean {
    return this.#socket.full;
  }

  send(frames: Uint8Array): boolean {
    if (this.#state.is === 'closing') return true;
    if (this.#isTraced) new FrameReader(this.#trace, { limit: 0xffff_ffff }).push(Buffer.from(frames));
    return this.#socket.send(frames);
  }

  wake(): void {
    this.#socket.turn();
  }

  // #region fail
  fail(thrown: unknown): void {
    const error = wire.toProtocolError(thrown);
    if (error.code === 'INTERNAL') this.#host.reportFault(error);
    this.#leave(this.#host.limits.closeTimeoutMs, wire.errorFrame(error));
  }
  // #endregion fail

  shutdown(): void {
    if (this.#state.is === 'new') this.fail(new wire.ProtocolError('SHUTDOWN', 'the broker has been closed'));
    else this.#leave(this.#host.limits.closeTimeoutMs, { type: 'CLOSING', reason: 'shutdown' });
  }

  // #region on-frame
  #onFrame(frame: Parameters<FrameHandler>): void {
    const state = this.#state;
    // Behind the last frame of a connection there may be others in the same read.
    if (state.is === 'closing') return;
    if (this.#isTraced) debug('client %d -> %s', this.#id, wire.describeBytes(...frame));
    const isHello = frame[0] === wire.ClientType.HELLO;
    const name = isHello === (state.is === 'new') ? undefined : wire.clientCodec.nameOf(frame[0]);
    if (name !== undefined)
      throw new wire.ProtocolError('BAD_STATE', isHello ? 'a second HELLO' : `${name} before HELLO`);
    const { limits } = this.#host;
    const answer = state.is === 'new' ? this.#welcome(frame) : answerFrame(state.client, limits, ...frame);
    if (answer?.type === 'CLOSING') this.#leave(limits.closeTimeoutMs, answer);
    else if (answer !== undefined) this.send(wire.brokerCodec.encode(answer));
  }
  // #endregion on-frame

  // #region welcome
  #welcome(hello: Parameters<FrameHandler>): wire.BrokerFrame {
    // Everybody is let in, but the frame must be in order.
    wire.clientCodec.decode(...hello);
    const { engine, epoch, limits } = this.#host;
    const [version, connectionId] = [wire.PROTOCOL_VERSION, this.#id];
    this.#state = { is: 'ready', client: engine.connect(this) };
    this.#socket.limit = limits.maxFrameSize;
    return { type: 'WELCOME', version, connectionId, maxFrameSize: limits.maxFrameSize, epoch };
  }
  // #endregion welcome

  // #region leave
  /** Sends the last frame, if there is one, and ends our direction. The client has so long to take it all and go. */
  #leave(milliseconds: number, last?: wire.BrokerFrame): void {
    const state = this.#state;
    if (state.is === 'closing') return;
    if (last !== undefined) this.send(wire.brokerCodec.encode(last));
    this.#state = { is: 'closing' };
    this.#socket.end(milliseconds);
    if (state.is === 'ready') this.#socket.run(() => state.client.close());
  }
  // #endregion leave

  readonly #trace: FrameHandler = (...frame) =>
    debug('client %d <- %s', this.#id, wire.describeBytes(...frame));
}
