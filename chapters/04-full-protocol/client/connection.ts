import type { Socket } from 'node:net';
import { FrameReader, HEADER_SIZE, LeveretError } from '#framing';
import { BatchedWriter } from '../batched-writer.ts';
import {
  type BrokerFrame,
  type ClientFrame,
  decodeBrokerFrame,
  encodeClientFrame,
  errorName,
  type FrameNamed,
  HELLO_FRAME_LIMIT,
  isFatal,
  ProtocolError,
} from '../wire/index.ts';
import { AnswerQueue, type AnswerTo, type RequestName } from './answer-queue.ts';

/** What a connection tells its owner. */
export interface ConnectionHandlers {
  /** MESSAGES or SKIPPED. Payloads are lent. */
  received(frame: BrokerFrame): void;
  /** Something was refused that nobody waits for. */
  refused(error: LeveretError): void;
  /** The connection is gone; `error` says why, unless it was closed in order. */
  gone(error: LeveretError | undefined): void;
}

/** How long a broker may take to say goodbye, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

/** The client's end of one connection: frames out, frames in, answers to those who wait. */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  readonly #writer: BatchedWriter;
  readonly #reader: FrameReader;
  readonly #answers = new AnswerQueue();
  #maxFrameSize = HELLO_FRAME_LIMIT;
  #drained: Promise<void> | undefined;
  #failure: LeveretError | undefined;
  #closing = false;

  constructor(socket: Socket, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#writer = new BatchedWriter(socket);
    this.#reader = new FrameReader((...frame) => this.#onFrame(decodeBrokerFrame(...frame)), {
      limit: HELLO_FRAME_LIMIT,
    });
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.once('close', () => this.#onClose());
  }

  /** True while some request waits for its answer. */
  get waiting(): boolean {
    return this.#answers.length > 0;
  }

  // #region request
  /**
   * Sends a request and waits for its answer.
   *
   * @param onAnswer - called before any later frame is looked at; what it returns is the result
   * @throws ProtocolError when the broker refuses, LeveretError when the connection is gone
   */
  async request<N extends RequestName, T>(
    frame: FrameNamed<ClientFrame, N>,
    onAnswer: (answer: AnswerTo<N>) => T,
  ): Promise<T> {
    // task 4.7: send a request and wait for its answer
    this.send(frame);
    return this.#answers.expect(frame, onAnswer);
  }
  // #endregion request

  /**
   * Sends a frame. What is sent in one callback goes out in one write.
   *
   * @throws LeveretError when the connection is gone, or `TOO_LARGE`
   */
  send(frame: ClientFrame): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing) throw new LeveretError('CLOSED', 'this client has been closed');
    const bytes = encodeClientFrame(frame);
    if (bytes.length - HEADER_SIZE > this.#maxFrameSize) {
      throw new LeveretError('TOO_LARGE', `the broker takes frames of ${this.#maxFrameSize} bytes: send less at once`);
    }
    this.#writer.send(bytes);
  }

  /** Resolves when the socket takes more, or is gone. However many wait, one listener serves them all. */
  drained(): Promise<void> {
    if (!this.#writer.full) return Promise.resolve();
    this.#drained ??= new Promise((resolve) => {
      const settle = () => {
        this.#socket.off('drain', settle).off('close', settle);
        this.#drained = undefined;
        resolve();
      };
      this.#socket.on('drain', settle).on('close', settle);
    });
    return this.#drained;
  }

  /** Stops reading, or reads again: what is not read stops the broker. */
  setReading(reading: boolean): void {
    if (reading || this.#closing) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Sends CLOSE, and resolves when the connection is gone. */
  async close(): Promise<void> {
    if (this.#socket.closed) return;
    const gone = new Promise((resolve) => this.#socket.once('close', resolve));
    if (this.#failure === undefined && !this.#closing) {
      this.send({ type: 'CLOSE' });
      this.#closing = true;
      this.#socket.resume();
    }
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS);
    await gone;
    clearTimeout(timer);
  }

  /** Ends at once, because of this error. */
  destroy(error: LeveretError): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (cause) {
      const error = new LeveretError('BAD_BROKER', `what came is not the protocol: ${String(cause)}`, { cause });
      this.destroy(error);
    }
  }

  #onFrame(frame: BrokerFrame): void {
    switch (frame.type) {
      case 'PING':
        if (!this.#closing) this.send({ type: 'PONG', bytes: frame.bytes });
        break;
      case 'ERROR':
        this.#onError(frame);
        break;
      case 'CLOSING':
        if (!this.#closing) this.#failure ??= disconnected(`the broker said goodbye: ${frame.reason}`);
        break;
      case 'MESSAGES':
      case 'SKIPPED':
        this.#handlers.received(frame);
        break;
      case 'WELCOME':
        this.#maxFrameSize = this.#reader.limit = Math.max(1, frame.maxFrameSize);
        this.#answers.settle(frame);
        break;
      default:
        this.#answers.settle(frame);
    }
  }

  #onError(frame: FrameNamed<BrokerFrame, 'ERROR'>): void {
    const { request, code, reason } = frame;
    const name = errorName(code);
    // Below 16 a number of a later version is fatal, too.
    const error =
      name === undefined ? new LeveretError(`ERROR_${code}`, reason) : new ProtocolError(name, reason, { request });
    if (isFatal(code)) this.#failure ??= error;
    else if (request > 0) this.#answers.settle(frame, error);
    else this.#handlers.refused(error);
  }

  #onClose(): void {
    if (!this.#closing) this.#failure ??= disconnected('the broker ended the connection');
    this.#answers.rejectAll(this.#failure ?? new LeveretError('CLOSED', 'closed before the answer came'));
    this.#handlers.gone(this.#failure);
  }
}

function disconnected(message: string): LeveretError {
  return new LeveretError('DISCONNECTED', `${message}; connect again to go on`);
}
