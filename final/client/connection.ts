import { LeveretError } from '#framing';
import { BrokerType, ErrorCode, errorName, isFatal, ProtocolError } from '#protocol/old';
import type { Address } from './address.ts';
import { type Deferred, defer } from './deferred.ts';
import { FrameSplitter } from './frame-splitter.ts';
import type { ClientSettings } from './options.ts';
import type { Platform, Transport } from './platform.ts';
import { explainFailure } from './transport-errors.ts';
import { type Answer, FrameMaker, readAnswer } from './wire.ts';

/** What a broker said of itself. */
export type Welcome = Answer & { type: typeof BrokerType.WELCOME };

/** Takes the answer to one request. */
export interface Request {
  answered(answer: Answer): void;
  failed(error: LeveretError): void;
}

/** Bytes to be sent. */
interface Chunk {
  readonly bytes: Uint8Array;
  readonly written: (() => void) | undefined;
}

/** What a connection tells. */
export interface ConnectionOwner {
  /** A MESSAGES frame: its body is `bytes[start, end)`. */
  messages(bytes: Uint8Array, start: number, end: number): void;
  skipped(topic: string, fromId: number, toId: number): void;
  /** The broker has refused something that asked for no answer. */
  refused(error: LeveretError): void;
  /** It takes more again. */
  drained(): void;
  /** It is over. Requests have been told. */
  gone(error: LeveretError): void;
}

/** Before WELCOME has told the limit. Larger than anything that a broker sends then. */
const FIRST_LIMIT = 0x1_0000 + 64;

/**
 * One connection to a broker: frames out, frames in, and which answer belongs to which request.
 */
export class Connection {
  readonly address: Address;
  /** Frames of the client's, ready to be sent. */
  readonly frames: FrameMaker;
  /** True when something has come since it was last set to false. */
  heard = false;

  readonly #transport: Transport;
  readonly #owner: ConnectionOwner;
  readonly #platform: Platform;
  readonly #requests = new Map<number, Request>();
  readonly #pings: Request[] = [];
  readonly #welcome: Deferred<Welcome> = defer();
  #chunks: Chunk[] = [];
  #togetherLimit = 4096;
  #lastRequest = 0;
  #welcomed = false;
  #failure: LeveretError | undefined;
  #gone = false;
  #paused = false;
  #saysGoodbye = false;

  /** Begins to connect. Wait for `welcome`. */
  constructor(platform: Platform, address: Address, settings: ClientSettings, owner: ConnectionOwner) {
    this.address = address;
    this.frames = new FrameMaker(platform);
    this.#platform = platform;
    this.#owner = owner;
    this.#welcome.promise.catch(() => {});
    const splitter = new FrameSplitter(
      FIRST_LIMIT,
      (type, bytes, start, end) => {
        if (type === BrokerType.MESSAGES) this.#owner.messages(bytes, start, end);
        else this.#take(readAnswer(platform, type, bytes, start, end), splitter);
      },
      platform.alloc,
    );
    this.#transport = platform.open(address, settings, {
      opened: () => {
        platform.trace('connected to %s', address.text);
        this.#transport.write(this.frames.hello(settings.name, address.token ?? settings.token));
      },
      data: (bytes, start, end) => {
        this.heard = true;
        if (this.#gone) return;
        try {
          splitter.push(bytes, start, end);
        } catch (error) {
          this.destroy(asLeveretError(error));
        }
      },
      wanted: () => splitter.wanted,
      drained: () => {
        if (this.#welcomed) this.#owner.drained();
      },
      closed: (error) => this.#closed(error),
    });
  }

  /** Resolves when the broker has let us in. */
  get welcome(): Promise<Welcome> {
    return this.#welcome.promise;
  }

  /** False while it holds more than it likes. */
  get writable(): boolean {
    return this.#transport.writable;
  }

  /** True while a request waits for its answer. */
  get waiting(): boolean {
    return this.#requests.size > 0 || this.#pings.length > 0;
  }

  /** True while it does not read. */
  get paused(): boolean {
    return this.#paused;
  }

  /**
   * Takes a frame, to be sent by the next `flush`.
   *
   * @param written - called when its bytes may be used for something else; not at all if that is never known
   */
  push(bytes: Uint8Array, written?: () => void): void {
    this.#chunks.push({ bytes, written });
  }

  /** Sends what was pushed. */
  flush(): void {
    const chunks = this.#chunks;
    if (chunks.length === 0 || this.#gone) return;
    this.#chunks = [];
    this.#writeTogether(chunks);
  }

  /** A number for a request, and who is to hear of the answer. */
  expect(request: Request): number {
    do this.#lastRequest = this.#lastRequest === 0xffff_ffff ? 1 : this.#lastRequest + 1;
    while (this.#requests.has(this.#lastRequest));
    this.#requests.set(this.#lastRequest, request);
    return this.#lastRequest;
  }

  /** Pushes a PING. */
  ping(request: Request): void {
    this.#pings.push(request);
    this.push(this.frames.ping());
  }

  /** Stop reading, or read again. */
  setReading(reading: boolean): void {
    if (reading !== this.#paused) return;
    this.#paused = !reading;
    if (reading) this.#transport.resume();
    else this.#transport.pause();
  }

  /** Sends CLOSE; the broker then ends the connection. */
  sayGoodbye(): void {
    this.#saysGoodbye = true;
    this.push(this.frames.close());
    this.flush();
    this.setReading(true);
  }

  /** End at once, because of this error. */
  destroy(error: LeveretError): void {
    this.#failure ??= error;
    this.#transport.destroy();
    this.#closed(undefined);
  }

  #take(answer: Answer, splitter: FrameSplitter): void {
    const { trace } = this.#platform;
    if (trace.enabled) trace('<- %o', answer);
    switch (answer.type) {
      case BrokerType.WELCOME:
        splitter.limit = Math.max(FIRST_LIMIT, answer.maxFrameSize);
        this.#togetherLimit = Math.min(65_536, answer.maxFrameSize);
        this.#welcomed = true;
        this.#welcome.resolve(answer);
        break;
      case BrokerType.OK:
      case BrokerType.PUBLISHED:
      case BrokerType.LAG:
        this.#takeRequest(answer.request)?.answered(answer);
        break;
      case BrokerType.PONG:
        this.#pings.shift()?.answered(answer);
        break;
      case BrokerType.PING:
        this.push(this.frames.pong(answer.bytes));
        this.flush();
        break;
      case BrokerType.SKIPPED:
        this.#owner.skipped(answer.topic, answer.fromId, answer.toId);
        break;
      case BrokerType.ERROR: {
        const error = toError(answer.code, answer.reason, answer.request, !this.#welcomed);
        const fatal = !(error instanceof ProtocolError) || error.fatal;
        if (fatal) this.#failure ??= error;
        else if (answer.request === 0) this.#owner.refused(error);
        else this.#takeRequest(answer.request)?.failed(error);
        break;
      }
      case BrokerType.CLOSING:
        this.#failure ??= this.#saysGoodbye
          ? new LeveretError('CLOSED', 'this client was closed')
          : new LeveretError('DISCONNECTED', `the broker said goodbye: ${answer.reason}`);
        break;
    }
  }

  #takeRequest(number: number): Request | undefined {
    const request = this.#requests.get(number);
    this.#requests.delete(number);
    return request;
  }

  #closed(cause: Error | undefined): void {
    if (this.#gone) return;
    this.#gone = true;
    const error = this.#failure ?? explainFailure(this.address, cause, this.#welcomed);
    this.#platform.trace('gone: %s', error.message);
    this.#welcome.reject(error);
    const requests = [...this.#requests.values(), ...this.#pings.splice(0)];
    this.#requests.clear();
    // The owner first: what a failed request makes it send must not come here any more.
    if (this.#welcomed) this.#owner.gone(error);
    for (const request of requests) request.failed(disconnected(error));
  }

  #writeTogether(chunks: readonly Chunk[]): void {
    // A write costs some microseconds however few its bytes are: small frames go out as one.
    let small: Chunk[] = [];
    let size = 0;
    const flushSmall = () => {
      const [first] = small;
      if (small.length === 1 && first !== undefined) this.#transport.write(first.bytes, first.written);
      else if (small.length > 1) {
        const together = this.#platform.alloc(size);
        let at = 0;
        for (const { bytes, written } of small) {
          together.set(bytes, at);
          at += bytes.length;
          written?.();
        }
        this.#transport.write(together);
      }
      small = [];
      size = 0;
    };
    for (const chunk of chunks) {
      const { bytes } = chunk;
      // As a WebSocket message it must not be larger than the largest frame.
      if (size + bytes.length > this.#togetherLimit) flushSmall();
      small.push(chunk);
      size += bytes.length;
    }
    flushSmall();
  }
}

/** What those hear who wait for an answer that cannot come any more. */
export function disconnected(cause: LeveretError): LeveretError {
  if (cause.code === 'CLOSED') return cause;
  const message = `the connection was lost before the answer came, so it may or may not have been done: ${cause.message}`;
  return new LeveretError('DISCONNECTED', message, { cause });
}

/** Errors after which it makes no sense to come back. */
export function isHopeless(error: LeveretError): boolean {
  if (error.code === 'BAD_BROKER' || error.code === 'TLS') return true;
  if (!(error instanceof ProtocolError)) return false;
  return HOPELESS.has(error.wireCode);
}

const HOPELESS: ReadonlySet<number> = new Set([
  ErrorCode.BAD_FRAME,
  ErrorCode.TOO_LARGE,
  ErrorCode.UNKNOWN_TYPE,
  ErrorCode.BAD_STATE,
  ErrorCode.BAD_VERSION,
  ErrorCode.BAD_TEXT,
  ErrorCode.DENIED,
]);

function toError(code: number, reason: string, request: number, atHello: boolean): LeveretError {
  const name = errorName(code);
  // A number of a later version: all that is known is that below 16 the connection ends.
  if (name === undefined) return new LeveretError(isFatal(code) ? 'DISCONNECTED' : `ERROR_${code}`, reason);
  return new ProtocolError(name, reason, { request, fatal: isFatal(code) || atHello });
}

function asLeveretError(error: unknown): LeveretError {
  if (error instanceof LeveretError) return error;
  return new LeveretError('CLIENT_BUG', `reading failed: ${String(error)}`, { cause: error });
}
