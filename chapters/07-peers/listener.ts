import { createServer, type Server, type Socket } from 'node:net';
import createDebug from 'debug';
import { FrameReader, TYPE_SIZE } from '#framing';
import { boundPort, listen } from '#framing/net';
import { decodeHello, encodeRefuse, encodeWelcome, HANDSHAKE_LIMIT, PeerFrame } from './wire.ts';

const debug = createDebug('leveret:peers');

/** Limits of the listening side; times in milliseconds. */
export interface ListenerOptions {
  readonly clock: () => number;
  readonly maxDatagram: number;
  readonly maxIncoming: number;
  /** From accepting a connection to its HELLO, and from the first byte of a frame to its last. */
  readonly frameTimeout: number;
  /** True while no more datagrams are wanted. */
  readonly full: () => boolean;
  readonly onDatagram: (from: string, data: Buffer) => void;
}

/** The listening side of a peer: takes connections in, and hands out what they bring. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #connections = new Set<Incoming>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    // Half-open sockets are allowed so that close() can say "no more" and still read what is under way.
    this.#server = createServer({ noDelay: true, keepAlive: true, allowHalfOpen: true }, (socket) =>
      this.#accept(socket),
    );
  }

  /** Starts listening, and returns the port. Throws what `listen` of chapter 1 throws. */
  async listen(host: string, port: number): Promise<number> {
    await listen(this.#server, host, port);
    return boundPort(this.#server);
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Stops reading from everyone, so that TCP slows them down. */
  pause(): void {
    for (const connection of this.#connections) connection.pause();
  }

  resume(): void {
    for (const connection of this.#connections) connection.resume();
  }

  /** Cuts those off that take too long over a frame. */
  check(now: number): void {
    for (const connection of this.#connections) connection.check(now);
  }

  /** Takes no more connections, lets the others finish until the deadline. */
  async close(deadline: Promise<unknown>): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const connection of this.#connections) connection.end();
    await Promise.race([closed, deadline]);
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const connection = new Incoming(socket, this.#options);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
    if (this.#connections.size > this.#options.maxIncoming) connection.refuse('too many connections');
  }
}

/** One connection that somebody opened to us. It only brings; nothing is sent back after the handshake. */
class Incoming {
  readonly #socket: Socket;
  readonly #options: ListenerOptions;
  readonly #reader: FrameReader;
  #state: 'handshake' | 'open' | 'refused' = 'handshake';
  #from = '';
  // When the frame that is being read began; undefined between two frames, and while we do not read.
  #since: number | undefined;
  #frames = 0;

  constructor(socket: Socket, options: ListenerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#since = options.clock();
    this.#reader = new FrameReader((type, bytes, start, end) => this.#frame(type, bytes, start, end), {
      limit: HANDSHAKE_LIMIT,
    });
    socket.on('error', (error) => debug('from %s: %s', this.#from, error.message));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => socket.end());
  }

  #read(chunk: Buffer): void {
    if (this.#state === 'refused') return;
    const frames = this.#frames;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      debug('%s is cut off: %s', this.#from, error);
      this.#socket.resetAndDestroy();
      return;
    }
    // refuse() may have been called from within push: then the time runs from there.
    if ((this.#state as string) === 'refused') return;
    if (this.#options.full()) this.pause();
    else if (!this.#reader.midFrame && this.#state === 'open') this.#since = undefined;
    else if (this.#since === undefined || frames !== this.#frames) this.#since = this.#options.clock();
  }

  #frame(type: number, bytes: Buffer, start: number, end: number): void {
    this.#frames++;
    if (this.#state === 'open') {
      if (type !== PeerFrame.Datagram) throw new Error(`a frame of type ${type} among datagrams`);
      // The bytes are lent; what waits in the inbox needs its own.
      const data = Buffer.allocUnsafe(end - start);
      bytes.copy(data, 0, start, end);
      this.#options.onDatagram(this.#from, data);
    } else if (this.#state === 'handshake') {
      if (type !== PeerFrame.Hello) throw new Error(`a frame of type ${type} before HELLO`);
      try {
        this.#from = decodeHello(bytes.subarray(start, end));
      } catch (error) {
        this.refuse(error instanceof Error ? error.message : String(error));
        return;
      }
      this.#state = 'open';
      this.#reader.limit = this.#options.maxDatagram + TYPE_SIZE;
      this.#socket.write(encodeWelcome(this.#options.maxDatagram));
      debug('%s is connected', this.#from);
    }
  }

  /** Says why not, and waits for the other side to read it and hang up. */
  refuse(reason: string): void {
    debug('refused: %s', reason);
    this.#state = 'refused';
    this.#since = this.#options.clock();
    this.#socket.end(encodeRefuse(reason));
  }

  pause(): void {
    if (this.#state !== 'open') return;
    this.#since = undefined;
    this.#socket.pause();
  }

  resume(): void {
    if (this.#reader.midFrame) this.#since = this.#options.clock();
    this.#socket.resume();
  }

  check(now: number): void {
    if (this.#since === undefined || now - this.#since < this.#options.frameTimeout) return;
    debug('%s takes too long over a frame', this.#from);
    this.#socket.resetAndDestroy();
  }

  /** Tells the other side to send no more here. What it has sent is still read. */
  end(): void {
    if (this.#state === 'handshake') this.refuse('closing');
    else this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
