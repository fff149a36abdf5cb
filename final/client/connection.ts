import { FrameError, LeveretError } from '#framing';
import {
  type BrokerFrame,
  BrokerType,
  brokerCodec,
  type ClientFrame,
  clientCodec,
  describeFrame,
  type FrameNamed,
  ProtocolError,
} from '#protocol';
import { Queue } from '#topics';
import type { Address } from './address.ts';
import type { ClientSettings } from './connect-options.ts';
import { disconnected, errorOf, readingFailed } from './connection-errors.ts';
import { type Deferred, defer } from './deferred.ts';
import { FrameSplitter } from './frame-splitter.ts';
import { type MessagesFrame, MessagesReader } from './messages-reader.ts';
import type { Platform, Transport } from './platform.ts';
import { explainFailure } from './transport-errors.ts';
import { type Chunk, writeTogether } from './write-together.ts';

/** What a broker said of itself. */
export type Welcome = FrameNamed<BrokerFrame, 'WELCOME'>;

/** Takes the answer to one request. */
export interface Request {
  answered(answer: BrokerFrame): void;
  failed(error: LeveretError): void;
}

/** What a connection tells. */
export interface ConnectionHandlers {
  messages(frame: MessagesFrame): void;
  skipped(topic: string, fromId: number, toId: number): void;
  /** The broker has refused something that asked for no answer. */
  refused(error: LeveretError): void;
  /** It takes more again. */
  drained(): void;
  /** It is over. Requests have been told. */
  gone(error: LeveretError): void;
}

/** What a broker may begin with. */
const FIRST_FRAMES: ReadonlySet<BrokerFrame['type']> = new Set(['WELCOME', 'ERROR', 'CLOSING']);

const NOTHING = new Uint8Array(0);

/** Before WELCOME has told the limit. Larger than anything that a broker sends then. */
const FIRST_LIMIT = 0x1_0000 + 64;

/** Most PONGs that wait for a transport that takes no more. A broker has two of its PINGs under way at most. */
const MAX_WAITING_PONGS = 16;

/**
 * One connection to a broker: frames out, frames in, and which answer belongs to which request.
 */
export class Connection {
  readonly address: Address;
  /** True when something has come since it was last set to false. */
  heard = false;

  readonly #transport: Transport;
  readonly #handlers: ConnectionHandlers;
  readonly #platform: Platform;
  readonly #requests = new Map<number, Request>();
  readonly #pings = new Queue<Request>();
  readonly #welcome: Deferred<Welcome> = defer();
  #chunks: Chunk[] = [];
  #togetherLimit = 4096;
  #lastRequest = 0;
  #welcomed = false;
  #failure: LeveretError | undefined;
  #gone = false;
  #paused = false;
  #saysGoodbye = false;
  #waitingPongs = 0;

  /** Begins to connect. Wait for `welcome`. */
  constructor(platform: Platform, address: Address, settings: ClientSettings, handlers: ConnectionHandlers) {
    this.address = address;
    this.#platform = platform;
    this.#handlers = handlers;
    this.#welcome.promise.catch(() => {});
    const { name, token } = settings;
    const hello = clientCodec.encode({ type: 'HELLO', version: 1, name, token: address.token ?? token });
    const reader = new MessagesReader();
    const splitter = new FrameSplitter(
      FIRST_LIMIT,
      (type, bytes, start, end) => {
        if (type === BrokerType.MESSAGES && this.#welcomed)
          this.#handlers.messages(reader.read(bytes, start, end));
        else this.#take(brokerCodec.decode(type, bytes, start, end), splitter);
      },
      platform.alloc,
    );
    this.#transport = platform.open(address, settings, {
      opened: () => {
        platform.trace('connected to %s', address.text);
        this.#transport.write(hello);
      },
      data: (bytes, start, end) => {
        this.heard = true;
        if (this.#gone) return;
        try {
          splitter.push(bytes, start, end);
        } catch (error) {
          this.destroy(readingFailed(error));
        }
      },
      wanted: () => splitter.wanted,
      drained: () => {
        this.#waitingPongs = 0;
        if (this.#welcomed) this.#handlers.drained();
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

  /** Takes a frame, to be sent by the next `flush`. */
  push(frame: ClientFrame): void {
    this.pushBytes(clientCodec.encode(frame));
  }

  /**
   * The same for a frame that is laid out already.
   *
   * @param written - called when its bytes may be used for something else; not at all if that is never known
   */
  pushBytes(bytes: Uint8Array, written?: () => void): void {
    this.#chunks.push({ bytes, written });
  }

  /** Sends what was pushed. */
  flush(): void {
    const chunks = this.#chunks;
    if (chunks.length === 0 || this.#gone) return;
    this.#chunks = [];
    writeTogether(this.#transport, chunks, this.#togetherLimit, this.#platform.alloc);
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
    this.push({ type: 'PING', bytes: NOTHING });
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
    this.push({ type: 'CLOSE' });
    this.flush();
    this.setReading(true);
  }

  /** End at once, because of this error. */
  destroy(error: LeveretError): void {
    this.#failure ??= error;
    this.#transport.destroy();
    this.#closed(undefined);
  }

  #take(answer: BrokerFrame, splitter: FrameSplitter): void {
    const { trace } = this.#platform;
    if (trace.enabled) trace('<- %s', describeFrame(answer));
    if (!this.#welcomed && !FIRST_FRAMES.has(answer.type))
      throw new FrameError('BAD_FRAME', `${answer.type} in the place of WELCOME`);
    switch (answer.type) {
      case 'WELCOME':
        if (this.#welcomed) throw new FrameError('BAD_FRAME', 'a second WELCOME');
        splitter.limit = Math.max(FIRST_LIMIT, answer.maxFrameSize);
        this.#togetherLimit = Math.min(65_536, answer.maxFrameSize);
        this.#welcomed = true;
        this.#welcome.resolve(answer);
        break;
      case 'OK':
      case 'PUBLISHED':
      case 'TOPIC':
      case 'LAG':
        this.#takeRequest(answer.request)?.answered(answer);
        break;
      case 'PONG':
        this.#pings.shift()?.answered(answer);
        break;
      case 'PING':
        this.#pong(answer.bytes);
        break;
      case 'SKIPPED':
        this.#handlers.skipped(answer.topic, answer.fromId, answer.toId);
        break;
      case 'ERROR': {
        const error = errorOf(answer, !this.#welcomed);
        const fatal = !(error instanceof ProtocolError) || error.fatal;
        if (fatal) this.#failure ??= error;
        else if (answer.request === 0) this.#handlers.refused(error);
        else this.#takeRequest(answer.request)?.failed(error);
        break;
      }
      case 'CLOSING':
        this.#failure ??= this.#saysGoodbye
          ? new LeveretError('CLOSED', 'this client was closed')
          : new LeveretError('DISCONNECTED', `the broker said goodbye: ${answer.reason}`);
        break;
    }
  }

  /** Answers a PING. Who pings and never reads the answers must not fill our memory with them. */
  #pong(bytes: Uint8Array): void {
    if (!this.writable && ++this.#waitingPongs > MAX_WAITING_PONGS) {
      throw new LeveretError(
        'BAD_BROKER',
        `the broker at ${this.address.text} sends one PING after the other and reads no answer: its host may be overloaded, or it is no leveret broker`,
      );
    }
    this.push({ type: 'PONG', bytes });
    this.flush();
  }

  #takeRequest(number: number): Request | undefined {
    const request = this.#requests.get(number);
    this.#requests.delete(number);
    return request;
  }

  #closed(cause: Error | undefined): void {
    if (this.#gone) return;
    this.#gone = true;
    const error = this.#failure ?? explainFailure(this.address, cause, this.#welcomed, this.#platform);
    this.#platform.trace('gone: %s', error.message);
    this.#welcome.reject(error);
    const requests = [...this.#requests.values(), ...this.#pings];
    this.#requests.clear();
    this.#pings.clear();
    // The owner first: what a failed request makes it send must not come here any more.
    if (this.#welcomed) this.#handlers.gone(error);
    for (const request of requests) request.failed(disconnected(error));
  }
}
