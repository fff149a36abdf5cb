import { createServer, type Server, type Socket } from 'node:net';
import createDebug from 'debug';
import { Deadline } from '#connections';
import { FrameReader, LeveretError, TYPE_SIZE } from '#framing';
import { boundPort, listen } from '#framing/net';
import { formatAddress } from './address.ts';
import { explainRead, PeerError } from './errors.ts';
import type { Inbox } from './inbox.ts';
import type { PeerSettings } from './options.ts';
import { decodeHello, encodeRefuse, encodeWelcome, HANDSHAKE_LIMIT, PeerFrame } from './wire.ts';

const debug = createDebug('leveret:peers');

/** The listening side of a peer: takes connections in. What they bring goes to the inbox. */
export class Listener {
  readonly #settings: PeerSettings;
  readonly #inbox: Inbox;
  readonly #server: Server;
  /** The open ones. A deadline runs while a frame is awaited: HELLO, or the rest of one; not while it is us who do not read. */
  readonly connections = new Map<Socket, Deadline>();
  /** Where others reach it; known once it listens. */
  address = '';

  constructor(inbox: Inbox, settings: PeerSettings) {
    this.#inbox = inbox;
    this.#settings = settings;
    // Half-open sockets let close() say "no more" and still read what is under way.
    this.#server = createServer({ noDelay: true, keepAlive: true, allowHalfOpen: true });
    this.#server.on('connection', (socket) => this.#accept(socket));
    // Node hangs up on whoever comes when there are so many.
    this.#server.maxConnections = settings.maxIncoming;
  }

  /** Starts listening. Throws what `listen` of chapter 1 throws. */
  async open(): Promise<void> {
    const { host, port, advertise } = this.#settings;
    await listen(this.#server, host, port);
    this.#server.on('error', (error) => debug('could not accept a connection: %s', error.message));
    this.address = formatAddress({ host: advertise, port: boundPort(this.#server) });
  }

  /** Reads a connection: HELLO first, then datagrams. Nothing is sent back after the handshake. */
  #accept(socket: Socket): void {
    const { clock, maxDatagramBytes } = this.#settings;
    const deadline = new Deadline();
    let from: string | undefined;
    const onFrame = (type: number, bytes: Buffer, start: number, end: number): void => {
      const wanted = from === undefined ? PeerFrame.Hello : PeerFrame.Datagram;
      if (type !== wanted) throw new LeveretError('BAD_FRAME', `a frame of type ${type} is out of place`);
      deadline.stop();
      // The bytes are lent; what waits in the inbox needs its own.
      const data = Buffer.allocUnsafe(end - start);
      bytes.copy(data, 0, start, end);
      if (from !== undefined) {
        this.#inbox.push({ data, from, to: this.address });
        return;
      }
      from = decodeHello(data);
      reader.limit = maxDatagramBytes + TYPE_SIZE;
      socket.write(encodeWelcome(maxDatagramBytes));
    };
    const reader = new FrameReader(onFrame, { limit: HANDSHAKE_LIMIT });

    this.connections.set(socket, deadline);
    deadline.start(clock());
    socket.once('close', () => this.connections.delete(socket));
    socket.on('error', (error) => debug('from %s: %s', from, error.message));
    socket.on('end', () => socket.end());
    socket.on('data', async (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (cause) {
        debug('cut off: %o', explainRead(cause, from ?? 'a stranger'));
        if (!(cause instanceof PeerError)) return socket.resetAndDestroy();
        // A HELLO that is not good enough. The connection is read on until the other side has seen why and hangs up.
        deadline.start(clock());
        return socket.removeAllListeners('data').resume().end(encodeRefuse(cause.message));
      }
      if (this.#inbox.full) {
        deadline.stop();
        socket.pause();
        await this.#inbox.room();
        socket.resume();
      }
      // The time of a frame begins with its first byte.
      if (reader.midFrame) deadline.start(clock());
    });
  }

  /** The sweep: cuts those off that take too long over a frame. */
  check(now: number): void {
    for (const [socket, deadline] of this.connections) {
      if (deadline.passed(now, this.#settings.frameTimeoutMs)) socket.resetAndDestroy();
    }
  }

  /** Takes no more, asks everyone to send no more, and resolves when all have hung up. What they sent is still read. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.connections.keys()) socket.end();
    });
  }

  destroy(): void {
    for (const socket of this.connections.keys()) socket.destroy();
  }
}
