import type { Socket } from 'node:net';
import { FrameReader, HEADER_SIZE, LeveretError } from '#framing';
import { FrameWriter } from '#framing/net';
import { Queue } from '#topics';
import { BatchedWriter } from '../batched-writer.ts';
import * as wire from '../index.ts';

/** A frame of the broker, by its name. */
export type Answer<N extends wire.BrokerFrame['type']> = wire.FrameNamed<wire.BrokerFrame, N>;

/** Who waits for an answer: takes it, or the error that came in its place. */
type Waiter = (answer: wire.BrokerFrame | LeveretError) => void;

/** What a connection tells its owner. */
export interface ConnectionHandlers {
  /** MESSAGES or SKIPPED. Payloads are lent. */
  received(frame: Answer<'MESSAGES' | 'SKIPPED'>): void;
  /** Something was refused that nobody waits for. */
  refused(error: LeveretError): void;
  /** The connection is gone; `error` says why, unless it was closed in order. */
  gone(error: LeveretError | undefined): void;
}

/** How long a broker may take to say goodbye, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

/** How many times `maxWaitingBytes` may wait while an answer is awaited. */
const OVERFLOW_FACTOR = 64;

/** The client's end of one connection: frames out, frames in, and whose answer comes next. */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  readonly #maxWaitingBytes: number;
  readonly #writer: BatchedWriter;
  readonly #frames: FrameWriter;
  readonly #reader: FrameReader;
  // Answers come in the order of the requests, so the first one here gets the next.
  readonly #waiters = new Queue<Waiter>();
  #waitingBytes = 0;
  #failure: LeveretError | undefined;
  #closing = false;

  constructor(socket: Socket, handlers: ConnectionHandlers, maxWaitingBytes: number) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#writer = new BatchedWriter(socket);
    this.#frames = new FrameWriter(socket);
    const limit = wire.HELLO_FRAME_LIMIT;
    this.#reader = new FrameReader((...frame) => this.#onFrame(wire.brokerCodec.decode(...frame)), { limit });
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.once('close', () => this.#onClose());
  }

  // #region request
  /**
   * Sends a request and waits for its answer.
   *
   * @param expected - the frame that answers it when all goes well
   * @param onAnswer - called before any later frame is looked at; what it returns is the result
   * @throws ProtocolError when the broker refuses, LeveretError when the connection is gone
   */
  request<N extends wire.BrokerFrame['type'], T>(
    frame: wire.ClientFrame,
    expected: N,
    onAnswer: (answer: Answer<N>) => T,
  ): Promise<T> {
    // task 4.7: send a request and wait for its answer
    return new Promise((resolve, reject) => {
      this.send(frame);
      this.#waiters.push((answer) => {
        if (answer instanceof Error) return reject(answer);
        const isDue = answer.type === expected && requestOf(answer) === requestOf(frame);
        if (isDue) return resolve(onAnswer(answer as Answer<N>));
        const wrong = new LeveretError('BAD_BROKER', `${answer.type} does not answer this ${frame.type}`);
        reject(wrong);
        throw wrong;
      });
      this.#adjustReading();
    });
  }
  // #endregion request

  /**
   * Sends a frame. What is sent in one callback goes out in one write.
   *
   * @throws LeveretError when the connection is gone, or `TOO_LARGE`
   */
  send(frame: wire.ClientFrame): void {
    if (this.#closing) throw new LeveretError('CLOSED', 'this client has been closed');
    if (this.#failure !== undefined) throw this.#failure;
    const bytes = wire.clientCodec.encode(frame);
    const { limit } = this.#reader;
    if (bytes.length - HEADER_SIZE > limit) {
      throw new LeveretError(
        'TOO_LARGE',
        `the broker takes frames of at most ${limit} bytes; send less at once`,
      );
    }
    this.#writer.send(bytes);
  }

  /** From WELCOME on, frames may be this large, both ways. */
  set maxFrameSize(bytes: number) {
    this.#reader.limit = bytes;
  }

  /** Resolves when the socket takes more, or is gone. However many wait, one set of listeners serves them all. */
  drained(): Promise<void> {
    return this.#frames.drained().catch(() => {});
  }

  /** So many bytes of messages wait for the program more, or fewer. */
  count(bytes: number): void {
    this.#waitingBytes += bytes;
    if (this.#waitingBytes > this.#maxWaitingBytes * OVERFLOW_FACTOR) {
      this.destroy(
        new LeveretError('OVERFLOW', `${this.#waitingBytes} bytes wait to be taken; use a window`),
      );
    }
    this.#adjustReading();
  }

  /** Sends CLOSE, and resolves when the connection is gone. */
  async close(): Promise<void> {
    if (this.#socket.closed) return;
    if (this.#failure === undefined && !this.#closing) this.send({ type: 'CLOSE' });
    this.#closing = true;
    this.#adjustReading();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS);
    await new Promise((resolve) => this.#socket.once('close', resolve));
    clearTimeout(timer);
  }

  /** Ends at once, because of this error. */
  destroy(error: LeveretError): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  // #region reading
  /**
   * Reads only while there is room for what comes. TCP then stops the broker, and its limit for lag holds. But
   * while a request waits we must read: its answer comes behind the messages that are under way.
   */
  #adjustReading(): void {
    const hasRoom = this.#waitingBytes < this.#maxWaitingBytes;
    if (hasRoom || this.#waiters.length > 0 || this.#closing) this.#socket.resume();
    else this.#socket.pause();
  }
  // #endregion reading

  #onData(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (cause) {
      this.destroy(new LeveretError('BAD_BROKER', `what came is not the protocol: ${cause}`, { cause }));
    }
    this.#adjustReading();
  }

  #onFrame(frame: wire.BrokerFrame): void {
    if (frame.type === 'MESSAGES' || frame.type === 'SKIPPED') this.#handlers.received(frame);
    else if (frame.type === 'CLOSING')
      this.#failure ??= disconnected(`the broker said goodbye: ${frame.reason}`);
    else if (frame.type === 'ERROR') this.#onError(frame);
    else if (frame.type !== 'PING') this.#settle(frame);
    else if (!this.#closing) this.send({ type: 'PONG', bytes: frame.bytes });
  }

  #onError({ request, code, reason }: Answer<'ERROR'>): void {
    const name = wire.errorName(code);
    const error = name
      ? new wire.ProtocolError(name, reason, { request })
      : new LeveretError(`ERROR_${code}`, reason);
    if (wire.isFatal(code)) this.#failure ??= error;
    else if (request > 0) this.#settle(error);
    else this.#handlers.refused(error);
  }

  #settle(answer: wire.BrokerFrame | LeveretError): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) throw new LeveretError('BAD_BROKER', 'an answer that nobody waits for');
    waiter(answer);
  }

  #onClose(): void {
    if (!this.#closing) this.#failure ??= disconnected('the broker ended the connection');
    const error =
      this.#failure ?? new LeveretError('CLOSED', 'this client was closed before the answer came');
    while (this.#waiters.length > 0) this.#settle(error);
    this.#handlers.gone(this.#closing ? undefined : this.#failure);
  }
}

/** The number of a request, or of its answer; a PING and a PONG have none. */
function requestOf(frame: wire.ClientFrame | wire.BrokerFrame): number {
  return 'request' in frame ? frame.request : 0;
}

function disconnected(message: string): LeveretError {
  return new LeveretError('DISCONNECTED', `${message}; connect again to go on`);
}
