import { connect as connectSocket, type Socket } from 'node:net';
import createDebug from 'debug';
import { FrameReader, LeveretError } from '#framing';
import { DEFAULT_HOST } from '#framing/net';
import { type BrokerFrame, decodeBrokerFrame, type WelcomeFrame } from './broker-frames.ts';
import { type ClientFrame, encodeClientFrame } from './client-frames.ts';
import { BrokerType, ClientType, PROTOCOL_VERSION } from './constants.ts';
import { describeFrame } from './describe.ts';
import { errorName, isFatal, ProtocolError } from './protocol-error.ts';

const debug = createDebug('leveret:client');

/** How to reach a broker. */
export interface ConnectOptions {
  /** @defaultValue `127.0.0.1` */
  readonly host?: string;
  readonly port: number;
  /** What to call oneself, for the broker's logs; at most 255 bytes. @defaultValue `''` */
  readonly name?: string;
  /** Secret that lets in. @defaultValue `''` */
  readonly token?: string;
  /** Milliseconds to connect and be welcomed. @defaultValue 10,000 */
  readonly timeout?: number;
  /** Gives up connecting when it is aborted. */
  readonly signal?: AbortSignal;
}

/** Takes the answer to one request. */
interface Pending {
  readonly settle: (frame: BrokerFrame) => void;
  readonly reject: (error: LeveretError) => void;
}

/** What a connection tells its owner. */
export interface ConnectionOwner {
  /** A frame that answers no request. Payloads are lent. */
  received(frame: BrokerFrame): void;
  /** The connection is gone; `error` says why, unless it was closed in order. */
  gone(error: LeveretError | undefined): void;
}

/**
 * The client's end of one connection: frames out, frames in, and which answer belongs to which request.
 */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #pending = new Map<number, Pending>();
  // PONGs come in the order of the PINGs.
  readonly #pings: Pending[] = [];
  #owner: ConnectionOwner | undefined;
  #lastRequest = 0;
  #welcome: Pending | undefined;
  #failure: LeveretError | undefined;
  #closing = false;
  #gone = false;
  #corked = false;

  private constructor(socket: Socket, maxFrameSize: number) {
    this.#socket = socket;
    this.#reader = new FrameReader((...frame) => this.#onFrame(...frame), { limit: maxFrameSize });
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (cause) => {
      this.#failure ??= new LeveretError('DISCONNECTED', `the connection broke: ${cause.message}`, { cause });
    });
    socket.once('close', () => this.#onClose());
  }

  /**
   * Connect and be welcomed.
   *
   * @throws LeveretError `REFUSED` when nobody answers, `TIMEOUT`, `ABORTED`; ProtocolError when the broker refuses
   */
  static async open(
    options: ConnectOptions,
  ): Promise<{ connection: ClientConnection; welcome: WelcomeFrame }> {
    const { host = DEFAULT_HOST, port, name = '', token = '', timeout = 10_000, signal } = options;
    if (signal?.aborted) throw aborted(signal);
    const hello = encodeClientFrame({ type: ClientType.HELLO, version: PROTOCOL_VERSION, name, token });
    const socket = connectSocket({ host, port, noDelay: true });
    const connection = new ClientConnection(socket, 0xffff);
    const giveUp = (error: LeveretError) => {
      connection.#failure ??= error;
      socket.destroy();
    };
    const timer = setTimeout(() => {
      giveUp(new LeveretError('TIMEOUT', `no welcome from ${host} port ${port} within ${timeout} ms`));
    }, timeout);
    const onAbort = () => signal && giveUp(aborted(signal));
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await connected(socket, host, port, () => connection.#failure);
      const welcome = await connection.#hello(hello);
      connection.#reader.limit = Math.max(1, welcome.maxFrameSize);
      return { connection, welcome };
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Say who is to hear of frames. To be called at once after `open`. */
  attach(owner: ConnectionOwner): void {
    this.#owner = owner;
    if (this.#gone) owner.gone(this.#failure);
  }

  /** True while some request waits for its answer. */
  get waiting(): boolean {
    return this.#pending.size > 0 || this.#pings.length > 0;
  }

  // #region request
  /**
   * Send a request and wait for its answer.
   *
   * @param makeFrame - makes the frame for the request's number
   * @param onAnswer - called before any later frame is looked at; what it returns is the result
   * @throws ProtocolError when the broker refuses, LeveretError when the connection is gone
   */
  request<T>(makeFrame: (request: number) => ClientFrame, onAnswer: (frame: BrokerFrame) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const request = this.#nextRequest();
      this.send(makeFrame(request));
      this.#pending.set(request, { settle: (frame) => resolve(onAnswer(frame)), reject });
    });
  }
  // #endregion request

  /** Send PING; resolves when its PONG has come. */
  ping(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.send({ type: ClientType.PING, bytes: Buffer.alloc(0) });
      this.#pings.push({ settle: () => resolve(), reject });
    });
  }

  /**
   * Send a frame. All that is sent in one turn goes out in one write.
   *
   * @returns false when the socket holds more than it likes: wait for `drained`
   * @throws LeveretError when the connection is gone; RangeError when a value does not fit
   */
  send(frame: ClientFrame): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing || this.#gone) throw new LeveretError('CLOSED', 'this client has been closed');
    if (debug.enabled) debug('-> %s', describeFrame(frame));
    const bytes = encodeClientFrame(frame);
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    return this.#socket.write(bytes);
  }

  /** Resolves when the socket takes more, or is gone. */
  drained(): Promise<void> {
    if (!this.#socket.writableNeedDrain || this.#gone) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off('drain', done).off('close', done);
        resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
  }

  /** Stop reading, or read again: what is not read stops the broker. */
  setReading(reading: boolean): void {
    if (reading) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Send CLOSE, and resolve when the connection is gone. */
  close(): Promise<void> {
    if (this.#gone) return Promise.resolve();
    const gone = new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
    });
    if (!this.#closing && this.#failure === undefined) {
      this.send({ type: ClientType.CLOSE });
      this.#closing = true;
      this.#socket.resume();
      // A broker that never says goodbye cannot keep us here.
      const timer = setTimeout(() => this.#socket.destroy(), 2_000);
      this.#socket.once('close', () => clearTimeout(timer));
    }
    return gone;
  }

  /** End at once, because of this error. */
  destroy(error: LeveretError): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  #hello(hello: Buffer): Promise<WelcomeFrame> {
    return new Promise((resolve, reject) => {
      this.#welcome = { settle: (frame) => resolve(frame as WelcomeFrame), reject };
      if (this.#gone) this.#rejectAll();
      else this.#socket.write(hello);
    });
  }

  #nextRequest(): number {
    do this.#lastRequest = this.#lastRequest === 0xffffffff ? 1 : this.#lastRequest + 1;
    while (this.#pending.has(this.#lastRequest));
    return this.#lastRequest;
  }

  #onData(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      this.destroy(
        new LeveretError('BAD_BROKER', `what came is not the protocol: ${cause.message}`, { cause }),
      );
    }
  }

  #onFrame(type: number, bytes: Buffer, start: number, end: number): void {
    const frame = decodeBrokerFrame(type, bytes, start, end);
    if (debug.enabled) debug('<- %s', describeFrame(frame));
    switch (frame.type) {
      case BrokerType.WELCOME:
        this.#welcome?.settle(frame);
        this.#welcome = undefined;
        break;
      case BrokerType.OK:
      case BrokerType.PUBLISHED:
      case BrokerType.LAG:
        this.#take(frame.request)?.settle(frame);
        break;
      case BrokerType.PONG:
        this.#pings.shift()?.settle(frame);
        break;
      case BrokerType.PING:
        if (!this.#closing) this.send({ type: ClientType.PONG, bytes: frame.bytes });
        break;
      case BrokerType.ERROR: {
        const error = fromErrorFrame(frame.code, frame.reason, frame.request, this.#welcome !== undefined);
        const fatal = !(error instanceof ProtocolError) || error.fatal;
        if (fatal) this.#failure ??= error;
        else if (frame.request !== 0) this.#take(frame.request)?.reject(error);
        else this.#owner?.received(frame);
        break;
      }
      case BrokerType.CLOSING:
        if (!this.#closing) {
          this.#failure ??= new LeveretError('DISCONNECTED', `the broker said goodbye: ${frame.reason}`);
        }
        break;
      default:
        this.#owner?.received(frame);
    }
  }

  #take(request: number): Pending | undefined {
    const pending = this.#pending.get(request);
    this.#pending.delete(request);
    return pending;
  }

  #onClose(): void {
    this.#gone = true;
    if (!this.#closing) this.#failure ??= new LeveretError('DISCONNECTED', 'the broker ended the connection');
    this.#rejectAll();
    debug('gone: %s', this.#failure?.message ?? 'closed in order');
    this.#owner?.gone(this.#failure);
  }

  #rejectAll(): void {
    const error =
      this.#failure ?? new LeveretError('CLOSED', 'this client was closed before the answer came');
    const all = [...this.#pending.values(), ...this.#pings.splice(0)];
    if (this.#welcome !== undefined) all.push(this.#welcome);
    this.#pending.clear();
    this.#welcome = undefined;
    for (const { reject } of all) reject(error);
  }
}

/** Resolves when the socket is connected. */
function connected(
  socket: Socket,
  host: string,
  port: number,
  givenUp: () => LeveretError | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('close', () => {
      const why = givenUp();
      if (why !== undefined && why.code !== 'DISCONNECTED') return reject(why);
      const message = `nobody answers at ${host} port ${port}: start a broker, or check the port`;
      reject(new LeveretError('REFUSED', message, { cause: why?.cause }));
    });
  });
}

/** The error that an ERROR frame tells. */
export function fromErrorFrame(code: number, reason: string, request: number, atHello = false): LeveretError {
  const name = errorName(code);
  // A number of a later version: all that is known is that below 16 the connection ends.
  if (name === undefined) return new LeveretError(isFatal(code) ? 'DISCONNECTED' : `ERROR_${code}`, reason);
  return new ProtocolError(name, reason, { request, fatal: isFatal(code) || atHello });
}

function aborted(signal: AbortSignal): LeveretError {
  return new LeveretError('ABORTED', 'connecting was aborted', { cause: signal.reason });
}
