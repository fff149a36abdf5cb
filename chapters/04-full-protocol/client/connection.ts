import type { Socket } from 'node:net';
import { FrameReader, HEADER_SIZE, LeveretError } from '#framing';
import { Queue } from '#topics';
import { BatchedWriter } from '../batched-writer.ts';
import * as wire from '../index.ts';

type BrokerFrame = wire.BrokerFrame;

/** Who waits for an answer. */
interface Waiter {
  readonly request: number;
  readonly answer: BrokerFrame['type'];
  resolve(answer: BrokerFrame): void;
  reject(error: LeveretError): void;
}

/** What a connection tells its owner. */
export interface ConnectionHandlers {
  /** MESSAGES or SKIPPED. Payloads are lent. */
  received(frame: wire.FrameNamed<BrokerFrame, 'MESSAGES' | 'SKIPPED'>): void;
  /** Something was refused that nobody waits for. */
  refused(error: LeveretError): void;
  /** The connection is gone; `error` says why, unless it was closed in order. */
  gone(error: LeveretError | undefined): void;
}

/** How long a broker may take to say goodbye, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

/** How much more than `maxWaitingBytes` may wait while an answer is awaited. */
const OVERFLOW_FACTOR = 64;

/** The client's end of one connection: frames out, frames in, and whose answer comes next. */
export class ClientConnection {
  handlers: ConnectionHandlers | undefined;
  readonly #socket: Socket;
  readonly #maxWaitingBytes: number;
  readonly #writer: BatchedWriter;
  readonly #reader: FrameReader;
  // Answers come in the order of the requests, so the first one here gets the next.
  readonly #waiters = new Queue<Waiter>();
  #waitingBytes = 0;
  #drained: Promise<void> | undefined;
  #failure: LeveretError | undefined;
  #closing = false;

  constructor(socket: Socket, maxWaitingBytes: number) {
    this.#socket = socket;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#writer = new BatchedWriter(socket);
    this.#reader = new FrameReader((...frame) => this.#onFrame(wire.brokerCodec.decode(...frame)), {
      limit: wire.HELLO_FRAME_LIMIT,
    });
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.once('close', () => this.#onClose());
  }

  // #region request
  /**
   * Sends a request and waits for its answer.
   *
   * @param answer - the frame that answers it when all goes well
   * @param onAnswer - called before any later frame is looked at; what it returns is the result
   * @throws ProtocolError when the broker refuses, LeveretError when the connection is gone
   */
  request<N extends BrokerFrame['type'], T>(
    frame: wire.ClientFrame,
    answer: N,
    onAnswer: (answer: wire.FrameNamed<BrokerFrame, N>) => T,
  ): Promise<T> {
    // task 4.7: send a request and wait for its answer
    return new Promise((resolve, reject) => {
      this.send(frame);
      this.#waiters.push({
        request: requestOf(frame),
        answer,
        resolve: (came) => resolve(onAnswer(came as wire.FrameNamed<BrokerFrame, N>)),
        reject,
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
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing) throw new LeveretError('CLOSED', 'this client has been closed');
    const bytes = wire.clientCodec.encode(frame);
    if (bytes.length - HEADER_SIZE > this.#reader.limit) {
      throw new LeveretError(
        'TOO_LARGE',
        `the broker takes frames of ${this.#reader.limit} bytes; send less at once`,
      );
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
    const gone = new Promise((resolve) => this.#socket.once('close', resolve));
    if (this.#failure === undefined && !this.#closing) this.send({ type: 'CLOSE' });
    this.#closing = true;
    this.#adjustReading();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS);
    await gone;
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

  #onFrame(frame: BrokerFrame): void {
    if (frame.type === 'MESSAGES' || frame.type === 'SKIPPED') return this.handlers?.received(frame);
    if (frame.type === 'ERROR') return this.#onError(frame);
    if (frame.type === 'CLOSING') {
      if (!this.#closing) this.#failure ??= disconnected(`the broker said goodbye: ${frame.reason}`);
    } else if (frame.type === 'PING') {
      if (!this.#closing) this.send({ type: 'PONG', bytes: frame.bytes });
    } else {
      if (frame.type === 'WELCOME') this.#reader.limit = Math.max(1, frame.maxFrameSize);
      this.#whose(frame, frame.type).resolve(frame);
    }
  }

  #onError(frame: wire.FrameNamed<BrokerFrame, 'ERROR'>): void {
    const { request, code, reason } = frame;
    const name = wire.errorName(code);
    const error = name
      ? new wire.ProtocolError(name, reason, { request })
      : new LeveretError(`ERROR_${code}`, reason);
    // Below 16 a number of a later version is fatal, too. DENIED is, when it answers HELLO.
    if (wire.isFatal(code) || this.handlers === undefined) this.#failure ??= error;
    else if (request === 0) this.handlers.refused(error);
    else this.#whose(frame).reject(error);
  }

  /** Whose answer this is. Any request may be answered with an ERROR. */
  #whose(came: BrokerFrame, answer?: BrokerFrame['type']): Waiter {
    const waiter = this.#waiters.shift();
    const isDue = waiter?.request === requestOf(came) && (answer === undefined || answer === waiter.answer);
    if (waiter === undefined || !isDue)
      throw new LeveretError('BAD_BROKER', `${came.type} answers no request`);
    return waiter;
  }

  #onClose(): void {
    if (!this.#closing) this.#failure ??= disconnected('the broker ended the connection');
    const error =
      this.#failure ?? new LeveretError('CLOSED', 'this client was closed before the answer came');
    while (this.#waiters.length > 0) this.#waiters.shift()?.reject(error);
    this.handlers?.gone(this.#failure);
  }
}

/** The number of a request, or of an answer; 0 where there is none. */
function requestOf(frame: wire.ClientFrame | BrokerFrame): number {
  return 'request' in frame ? frame.request : 0;
}

function disconnected(message: string): LeveretError {
  return new LeveretError('DISCONNECTED', `${message}; connect again to go on`);
}
