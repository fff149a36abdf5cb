import type { Socket } from 'node:net';
import { FrameReader, HEADER_SIZE, LeveretError } from '#framing';
import { Queue } from '#topics';
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

/** Which frame answers which, when all goes well. */
const ANSWERS = {
  HELLO: 'WELCOME',
  CREATE: 'OK',
  PUBLISH: 'PUBLISHED',
  SUBSCRIBE: 'OK',
  UNSUBSCRIBE: 'OK',
  LAG: 'LAG',
  PING: 'PONG',
} as const satisfies Partial<Record<ClientFrame['type'], BrokerFrame['type']>>;

type RequestName = keyof typeof ANSWERS;

/** The answer to a request. */
export type AnswerTo<N extends RequestName> = FrameNamed<BrokerFrame, (typeof ANSWERS)[N]>;

interface Waiter {
  readonly answer: BrokerFrame['type'];
  readonly request: number;
  resolve(answer: BrokerFrame): void;
  reject(error: LeveretError): void;
}

/** What a connection tells its owner. */
export interface ConnectionHandlers {
  /** A frame that answers nothing. Payloads are lent. */
  received(frame: BrokerFrame): void;
  /** Something was refused that nobody waits for. */
  refused(error: LeveretError): void;
  /** The connection is gone; `error` says why, unless it was closed in order. */
  gone(error: LeveretError | undefined): void;
}

/** How long a broker may take to say goodbye, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

/** The client's end of one connection: frames out, frames in, and which answer belongs to which request. */
export class ClientConnection {
  /** Size of the largest frame that may be sent. */
  maxFrameSize = HELLO_FRAME_LIMIT;
  readonly #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  readonly #writer: BatchedWriter;
  readonly #reader: FrameReader;
  // Answers come in the order of the requests, so the first one here is whose answer comes next.
  readonly #waiters = new Queue<Waiter>();
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
    socket.once('error', (cause) => this.destroy(disconnected(`the connection broke: ${cause.message}`, cause)));
    socket.once('close', () => this.#onClose());
  }

  /** True while some request waits for its answer. */
  get waiting(): boolean {
    return this.#waiters.length > 0;
  }

  /** From WELCOME on, frames may be this large, both ways. */
  welcomed(maxFrameSize: number): void {
    this.maxFrameSize = maxFrameSize;
    this.#reader.limit = Math.max(1, maxFrameSize);
  }

  // #region request
  /**
   * Sends a request and waits for its answer.
   *
   * @param onAnswer - called before any later frame is looked at; what it returns is the result
   * @throws ProtocolError when the broker refuses, LeveretError when the connection is gone
   */
  request<N extends RequestName, T>(
    frame: FrameNamed<ClientFrame, N> & { readonly type: N },
    onAnswer: (answer: AnswerTo<N>) => T,
  ): Promise<T> {
    // task 4.7: send a request and wait for its answer
    return new Promise((resolve, reject) => {
      this.send(frame);
      this.#waiters.push({
        answer: ANSWERS[frame.type],
        request: 'request' in frame ? Number(frame.request) : 0,
        resolve: (answer) => resolve(onAnswer(answer as AnswerTo<N>)),
        reject,
      });
    });
  }
  // #endregion request

  /**
   * Sends a frame. What is sent in one callback goes out in one write.
   *
   * @throws LeveretError when the connection is gone, `TOO_LARGE`; OptionError when a value does not fit
   */
  send(frame: ClientFrame): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing) throw new LeveretError('CLOSED', 'this client has been closed');
    const bytes = encodeClientFrame(frame);
    const size = bytes.length - HEADER_SIZE;
    if (size > this.maxFrameSize) {
      throw new LeveretError('TOO_LARGE', `a frame of ${size} bytes, but the broker takes ${this.maxFrameSize}`);
    }
    this.#writer.send(bytes);
  }

  /** Resolves when the socket takes more, or is gone. However many wait, one listener serves them all. */
  drained(): Promise<void> {
    if (!this.#writer.full || this.#socket.destroyed) return Promise.resolve();
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
    if (reading) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Sends CLOSE, and resolves when the connection is gone. */
  async close(): Promise<void> {
    if (this.#socket.closed) return;
    const gone = new Promise((resolve) => this.#socket.once('close', resolve));
    if (!this.#closing && this.#failure === undefined) {
      this.send({ type: 'CLOSE' });
      this.#closing = true;
      this.#socket.resume();
      const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS);
      this.#socket.once('close', () => clearTimeout(timer));
    }
    await gone;
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
      const message = cause instanceof Error ? cause.message : String(cause);
      this.destroy(new LeveretError('BAD_BROKER', `what came is not the protocol: ${message}`, { cause }));
    }
  }

  #onFrame(frame: BrokerFrame): void {
    switch (frame.type) {
      case 'PING':
        if (!this.#closing) this.send({ type: 'PONG', bytes: frame.bytes });
        return;
      case 'ERROR':
        return this.#onError(frame);
      case 'CLOSING':
        if (!this.#closing) this.#failure ??= disconnected(`the broker said goodbye: ${frame.reason}`);
        return;
      case 'MESSAGES':
      case 'SKIPPED':
        return this.#handlers.received(frame);
      default:
        this.#waiter(frame.type, 'request' in frame ? frame.request : 0).resolve(frame);
    }
  }

  #onError({ request, code, reason }: FrameNamed<BrokerFrame, 'ERROR'>): void {
    const name = errorName(code);
    const fatal = isFatal(code) || this.#waiters.peek()?.answer === 'WELCOME';
    // A number of a later version: all that is known is whether the connection ends.
    const error =
      name === undefined
        ? new LeveretError(fatal ? 'DISCONNECTED' : `ERROR_${code}`, reason)
        : new ProtocolError(name, reason, { request, fatal });
    if (fatal) this.#failure ??= error;
    else if (request === 0) this.#handlers.refused(error);
    else this.#waiter('ERROR', request).reject(error);
  }

  /** Whose answer this is. */
  #waiter(answer: BrokerFrame['type'], request: number): Waiter {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined && waiter.request === request && (answer === 'ERROR' || answer === waiter.answer)) {
      return waiter;
    }
    throw new LeveretError('BAD_BROKER', `${answer} of request ${request} is not the answer that comes next`);
  }

  #onClose(): void {
    if (!this.#closing) this.#failure ??= disconnected('the broker ended the connection');
    const error = this.#failure ?? new LeveretError('CLOSED', 'this client was closed before the answer came');
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
    this.#handlers.gone(this.#failure);
  }
}

function disconnected(message: string, cause?: Error): LeveretError {
  return new LeveretError('DISCONNECTED', message, { cause });
}
