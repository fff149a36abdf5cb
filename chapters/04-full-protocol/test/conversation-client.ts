/**
 * The client's end of a raw conversation: sends bytes as they are given, and reads the broker's frames decoded. It
 * knows nothing of the client library, so that the same tests can judge any broker.
 */
import { connect, type Socket } from 'node:net';
import { FrameReader } from '#framing';
import {
  type BrokerFrame,
  brokerCodec,
  type ClientFrame,
  clientCodec,
  ErrorCode,
  errorName,
} from '#protocol';
import { type FrameJson, frameToJson, fromHex, helloHex } from './golden-vectors.ts';
import { PATIENCE } from './patience.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

type Waiter = () => void;

export class RawClient {
  readonly socket: Socket;
  readonly #frames: BrokerFrame[] = [];
  readonly #reader: FrameReader;
  #ended = false;
  #closed = false;
  #failure: Error | undefined;
  #waiters: Waiter[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#reader = new FrameReader(
      (type, bytes, start, end) => {
        // Frames wait here: they need bytes of their own.
        const body = Buffer.from(bytes.subarray(start, end));
        this.#frames.push(brokerCodec.decode(type, body));
      },
      { limit: 16 * 1_048_576 },
    );
    socket.on('data', (chunk) => {
      try {
        this.#reader.push(chunk);
      } catch (error) {
        this.#failure = error as Error;
      }
      this.#wake();
    });
    socket.on('end', () => {
      this.#ended = true;
      this.#wake();
    });
    socket.on('error', () => this.#wake());
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** Open a connection, and say nothing. */
  static open({ host, port }: Address, options: { allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true, ...options });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawClient(socket));
      });
    });
  }

  /** Open a connection, say HELLO and read WELCOME. */
  static async hello(address: Address, options: { allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    const client = await RawClient.open(address, options);
    client.hex(helloHex);
    await client.expect({ type: 'WELCOME' });
    return client;
  }

  /** Send hexadecimal; spaces are for the eye. */
  hex(text: string): this {
    return this.bytes(fromHex(text));
  }

  /** Send bytes. */
  bytes(bytes: Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  /** Send frames, in one write. */
  frames(...frames: ClientFrame[]): this {
    return this.bytes(Buffer.concat(frames.map((frame) => clientCodec.encode(frame))));
  }

  /** The next frame of the broker. PINGs are read over unless asked for. */
  async next(options: { pings?: boolean } = {}): Promise<BrokerFrame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined && (options.pings || frame.type !== 'PING')) return frame;
      if (frame !== undefined) continue;
      if (this.#failure) throw this.#failure;
      if (this.#ended || this.#closed) throw new Error('the connection ended where a frame was expected');
      await this.#changed('a frame');
    }
  }

  /** The next frame, whose fields must include those given. Bytes are compared in hexadecimal. */
  async expect<N extends string>(
    expected: FrameJson & { readonly type: N },
  ): Promise<Extract<BrokerFrame, { type: N }>> {
    const frame = await this.next({ pings: expected.type === 'PING' });
    const got = frameToJson(frame);
    for (const [name, value] of Object.entries(expected)) {
      if (JSON.stringify(got[name]) === JSON.stringify(value)) continue;
      throw new Error(
        `expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)} (differs in ${name})`,
      );
    }
    return frame as Extract<BrokerFrame, { type: N }>;
  }

  /** The next frame must be an ERROR of this code. */
  async expectError(code: keyof typeof ErrorCode, request?: number): Promise<void> {
    const frame = await this.next();
    if (frame.type !== 'ERROR') throw new Error(`expected ERROR ${code}, got ${frame.type}`);
    if (frame.code !== ErrorCode[code]) {
      throw new Error(`expected ERROR ${code}, got ${errorName(frame.code)}: ${frame.reason}`);
    }
    if (request !== undefined && frame.request !== request) {
      throw new Error(`expected request ${request} in ERROR ${code}, got ${frame.request}`);
    }
  }

  /** No further frame, and the end of the stream. */
  async expectEnd(): Promise<void> {
    while (!this.#ended && !this.#closed) await this.#changed('the end of the stream');
    const frame = this.#frames.find(({ type }) => type !== 'PING');
    if (frame !== undefined) throw new Error(`expected the end, got ${JSON.stringify(frameToJson(frame))}`);
  }

  /** The connection is still served: a PING is answered, and nothing comes before the answer. */
  async expectAlive(): Promise<void> {
    this.hex('00000004 07 616c76');
    await this.expect({ type: 'PONG', bytes: '616c76' });
  }

  /** Frames that have come and were not read. */
  get waiting(): number {
    return this.#frames.length;
  }

  /** True when the stream has ended. */
  get ended(): boolean {
    return this.#ended || this.#closed;
  }

  /** Close the connection and wait until it is gone. */
  async close(): Promise<void> {
    if (!this.#closed) this.socket.destroy();
    while (!this.#closed) await this.#changed('close');
  }

  /** Close it by a reset, as a program that is killed does. */
  async reset(): Promise<void> {
    if (!this.#closed) this.socket.resetAndDestroy();
    while (!this.#closed) await this.#changed('close');
  }

  #changed(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited ${PATIENCE} ms for ${what}`)), PATIENCE);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}

/** Wait until `condition` holds, looking often. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE} ms until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
