/**
 * A client that knows nothing of frames: it writes bytes, and compares the bytes that come back. Every wait has
 * a deadline, and a failure tells the bytes sent, the bytes expected, the bytes received and where they part.
 *
 * The socket tests of all chapters use it, so they can grade any program behind a port.
 */
import { AssertionError } from 'node:assert';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Bytes, or hex digits with spaces and line breaks anywhere: `'00000003 01 6869'`. */
export type Bytes = string | Uint8Array;

/** How to open a {@link RawSocket}. */
export interface RawSocketOptions {
  /** @defaultValue `127.0.0.1` */
  readonly host?: string;
  readonly port: number;
  /**
   * How long each wait may take, in milliseconds.
   * @defaultValue 5000
   */
  readonly deadlineMs?: number;
  /**
   * False: do not read until {@link RawSocket.startReading}, so the server's writes back up.
   * @defaultValue true
   */
  readonly reading?: boolean;
}

/** How the other side closed: `end` is orderly, `reset` is not. */
export type Ending = 'end' | 'reset';

/** How many bytes a failure shows of each side. */
const SHOWN = 64;

/** One connection, seen as bytes. Close it with {@link RawSocket.close}, or hold it with `await using`. */
export class RawSocket {
  readonly #socket: Socket;
  readonly #deadlineMs: number;
  // Only the last bytes are kept, for the failure message: a flood must not fill this process.
  #sentTail: Buffer = Buffer.alloc(0);
  #sentBytes = 0;
  // What came and was not read yet lies in #store[#from, #to); the store doubles when it is full.
  #store: Buffer = Buffer.alloc(65_536);
  #from = 0;
  #to = 0;
  #taken = 0;
  #ending: Ending | undefined;
  #changed: () => void = () => {};

  private constructor(socket: Socket, deadlineMs: number, reading: boolean) {
    this.#socket = socket;
    this.#deadlineMs = deadlineMs;
    socket.on('error', () => this.#end('reset'));
    socket.on('end', () => this.#end('end'));
    socket.on('close', () => this.#end('reset'));
    if (reading) this.startReading();
  }

  /** Opens a connection. Fails with the system's error. */
  static connect(options: RawSocketOptions): Promise<RawSocket> {
    const { host = '127.0.0.1', port, deadlineMs = 5_000, reading = true } = options;
    return new Promise((resolve, reject) => {
      // Half open: when the server ends its side, ours stays as it is until end() or close().
      const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
      const timer = setTimeout(() => {
        socket.destroy();
        reject(new Error(`no connection to ${host} port ${port} within ${deadlineMs} ms`));
      }, deadlineMs);
      const refused = (error: Error) => {
        clearTimeout(timer);
        reject(error);
      };
      socket.once('error', refused);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', refused);
        resolve(new RawSocket(socket, deadlineMs, reading));
      });
    });
  }

  /** This side's port: tells connections apart on the server. */
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** Bytes that have come and were not read yet. */
  get available(): number {
    return this.#to - this.#from;
  }

  /** Bytes that this process holds because the other side does not take them. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  /** How the other side closed, if it has. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Begins to read what the server sends (see {@link RawSocketOptions.reading}). */
  startReading(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#keep(chunk);
      this.#changed();
    });
    this.#socket.resume();
  }

  /** Stops taking bytes from the system: the server's writes back up. {@link resume} goes on. */
  pause(): void {
    this.#socket.pause();
  }

  /** Goes on after {@link pause}. */
  resume(): void {
    this.#socket.resume();
  }

  /** Hands bytes to the socket, in one write, without waiting. */
  write(bytes: Bytes): void {
    const buffer = toBuffer(bytes);
    this.#sentBytes += buffer.length;
    this.#sentTail = Buffer.concat([this.#sentTail, buffer.subarray(-SHOWN)]).subarray(-SHOWN);
    this.#socket.write(buffer);
  }

  /** Resolves when the operating system has taken all that was written. */
  async flush(): Promise<void> {
    await until(() => this.#socket.writableLength === 0 || this.#socket.destroyed, {
      deadlineMs: this.#deadlineMs,
      what: 'the server takes what was written',
    });
  }

  /** Writes the bytes in pieces (single bytes unless told otherwise), each handed to the system by itself. */
  async writeInPieces(bytes: Bytes, pieceSize = 1): Promise<void> {
    const buffer = toBuffer(bytes);
    for (let at = 0; at < buffer.length; at += pieceSize) {
      this.write(buffer.subarray(at, at + pieceSize));
      await this.flush();
      // A turn for the server, when it lives in this process.
      await new Promise(setImmediate);
    }
  }

  /** Reads exactly so many bytes. Fails when the connection ends before, or at the deadline. */
  async read(count: number): Promise<Buffer> {
    await this.#until(() => this.available >= count, `${count} bytes`);
    return this.#take(count);
  }

  /** Reads one frame, whole: its four bytes of size, and as many as they say. */
  async readFrame(): Promise<Buffer> {
    const header = await this.read(4);
    return Buffer.concat([header, await this.read(header.readUInt32BE(0))]);
  }

  /** Reads as many bytes as are expected, and fails unless they are the same. */
  async expect(expected: Bytes): Promise<void> {
    const wanted = toBuffer(expected);
    let same = 0;
    const differs = () => {
      // Each byte is compared once, however many pieces it comes in.
      const here = Math.min(wanted.length, this.available);
      const at = this.#from;
      if (!this.#store.subarray(at + same, at + here).equals(wanted.subarray(same, here))) return true;
      same = here;
      return false;
    };
    await this.#until(() => differs() || same === wanted.length, wanted);
    const received = this.#take(Math.min(wanted.length, this.available));
    if (!received.equals(wanted)) throw this.#failure('other bytes came', wanted, received);
  }

  /** Reads until the other side closes, in whatever way (see {@link ending}). */
  async readUntilClosed(): Promise<Buffer> {
    await this.#until(() => this.#ending !== undefined, 'the end of the connection');
    return this.#take(this.available);
  }

  /**
   * Fails unless the other side closes without another byte.
   *
   * @param how - `end` or `reset` to insist on one of them
   */
  async expectClosed(how?: Ending): Promise<void> {
    await this.#until(() => this.#ending !== undefined || this.available > 0, 'the end of the connection');
    if (this.available > 0) {
      throw this.#failure('bytes came before the end', Buffer.alloc(0), this.#take(this.available));
    }
    if (how !== undefined && this.#ending !== how) {
      throw this.#failure(`the connection closed by ${this.#ending}, not by ${how}`);
    }
  }

  /** Ends this side only (FIN): the server can still send. */
  end(): void {
    this.#socket.end();
  }

  /** Breaks the connection (RST), as a machine does that crashed. */
  reset(): void {
    // resetAndDestroy() sends a FIN before its RST, and the server may see an orderly end. This is its second half.
    Object.assign(this.#socket, { resetAndClosing: true });
    this.#socket.destroy();
  }

  /** Closes the connection, and resolves when that is done. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) return resolve();
      this.#socket.once('close', () => resolve());
      this.#socket.destroy();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#changed();
  }

  #keep(chunk: Buffer): void {
    if (this.#to + chunk.length > this.#store.length) {
      const larger = Math.max(this.#store.length, 2 * (this.available + chunk.length));
      const store = Buffer.alloc(larger);
      this.#store.copy(store, 0, this.#from, this.#to);
      this.#to -= this.#from;
      this.#from = 0;
      this.#store = store;
    }
    chunk.copy(this.#store, this.#to);
    this.#to += chunk.length;
  }

  #take(count: number): Buffer {
    const bytes = Buffer.from(this.#store.subarray(this.#from, this.#from + count));
    this.#from += count;
    this.#taken += count;
    return bytes;
  }

  /** Waits for a condition that only arriving bytes or the end of the connection can change. */
  async #until(condition: () => boolean, expected: Buffer | string): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (failure?: string) => {
        clearTimeout(timer);
        this.#changed = () => {};
        if (failure === undefined) return resolve();
        reject(this.#failure(failure, expected, this.#take(this.available)));
      };
      const timer = setTimeout(() => settle(`nothing more within ${this.#deadlineMs} ms`), this.#deadlineMs);
      this.#changed = () => {
        if (condition()) settle();
        else if (this.#ending !== undefined) settle(`the connection closed (${this.#ending})`);
      };
      this.#changed();
    });
  }

  #failure(
    problem: string,
    expected: Buffer | string = '',
    received: Buffer = Buffer.alloc(0),
  ): AssertionError {
    const lines = [
      problem,
      `  sent      ${show(this.#sentTail, this.#sentBytes)}`,
      `  expected  ${typeof expected === 'string' ? expected || 'no more bytes' : show(expected)}`,
      `  received  ${show(received)}${this.#taken > received.length ? ` (after ${this.#taken - received.length} bytes read before)` : ''}`,
    ];
    if (typeof expected !== 'string') {
      const at = firstDifference(received, expected);
      lines.push(
        `  they differ first at offset ${at}: expected ${byteAt(expected, at)}, received ${byteAt(received, at)}`,
      );
    }
    return new AssertionError({ message: lines.join('\n') });
  }
}

/** Bytes from hex digits; white space is free. Throws on anything else. */
export function hex(digits: string): Buffer {
  const packed = digits.replaceAll(/\s/g, '');
  if (packed.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(packed)) throw new Error(`not hex bytes: '${digits}'`);
  return Buffer.from(packed, 'hex');
}

/**
 * Waits until a condition holds, looking again and again. For what a test cannot be told of.
 *
 * @throws Error that names `what` at the deadline (5 s unless told otherwise)
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  options: { readonly deadlineMs?: number; readonly what?: string } = {},
): Promise<void> {
  const { deadlineMs = 5_000, what = String(condition) } = options;
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end)
      throw new AssertionError({ message: `still not so after ${deadlineMs} ms: ${what}` });
    await delay(1);
  }
}

/**
 * What a promise gives, or an error that names what was awaited: a mistake must not make a test wait until it is ended.
 *
 * @param what - `the first frame`
 */
export async function soon<T>(promise: Promise<T>, what: string, deadlineMs = 4_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new AssertionError({ message: `still waiting after ${deadlineMs} ms: ${what}` })),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The first offset at which two buffers differ; their length when they are the same. */
export function firstDifference(one: Uint8Array, other: Uint8Array): number {
  const shorter = Math.min(one.length, other.length);
  for (let at = 0; at < shorter; at++) if (one[at] !== other[at]) return at;
  return shorter;
}

function toBuffer(bytes: Bytes): Buffer {
  return typeof bytes === 'string'
    ? hex(bytes)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function byteAt(bytes: Buffer, at: number): string {
  return at < bytes.length ? bytes.toString('hex', at, at + 1) : 'nothing';
}

/** At most 64 bytes in groups of four, and how many there are in all. */
function show(bytes: Buffer, total = bytes.length): string {
  if (bytes.length === 0) return 'nothing';
  const shown = bytes.subarray(0, SHOWN);
  const groups = shown.toString('hex').match(/.{1,8}/g) ?? [];
  const before = total > bytes.length ? '... ' : '';
  const after = shown.length < bytes.length ? ' ...' : '';
  return `${before}${groups.join(' ')}${after} (${total} bytes)`;
}
