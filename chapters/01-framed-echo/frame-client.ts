import { connect, type Socket } from 'node:net';
import { type FrameError, LeveretError } from './errors.ts';
import { DEFAULT_FRAME_LIMIT, type Frame } from './frame.ts';
import { checkLimit, type FrameReaderOptions } from './frame-reader.ts';
import { checkPort, DEFAULT_HOST } from './listen.ts';
import { closeSoon, FrameWriter, readFrames } from './socket-halves.ts';
// step 1.15: a client

/** Where a {@link FrameClient} connects to. */
export interface FrameClientOptions extends FrameReaderOptions {
  /**
   * The address of the server.
   * @defaultValue `127.0.0.1`
   */
  readonly host?: string;
  /** The port of the server. */
  readonly port: number;
}

/** A small client: writes frames to a server, and reads frames from it. */
export class FrameClient {
  // #region client
  readonly #socket: Socket;
  readonly #frames: AsyncGenerator<Frame>;
  readonly #writer: FrameWriter;
  #closing: Promise<void> | undefined;

  private constructor(socket: Socket, options: FrameReaderOptions) {
    this.#socket = socket;
    this.#frames = readFrames(socket, options);
    this.#writer = new FrameWriter(socket);
  }

  /**
   * Opens a connection.
   *
   * @throws RangeError for a bad port or limit
   * @throws {@link LeveretError} `REFUSED` when nobody answers there
   */
  static async connect(options: FrameClientOptions): Promise<FrameClient> {
    const { host = DEFAULT_HOST, port, limit = DEFAULT_FRAME_LIMIT } = options;
    checkLimit(limit);
    return new FrameClient(await openSocket(host, port), { limit });
  }

  /** Sends one frame; resolves when the next one may be sent. */
  send(type: number, body: Uint8Array): Promise<void> {
    return this.#writer.send(type, body);
  }

  /**
   * The next frame from the server.
   *
   * @throws {@link LeveretError} `DISCONNECTED` when the server has ended
   * the connection, or it broke
   * @throws {@link FrameError} when what the server sends are not frames
   */
  async receive(): Promise<Frame> {
    const { done, value } = await this.#frames.next();
    if (done !== true) return value;
    throw new LeveretError('DISCONNECTED', 'the server ended the connection');
  }

  /** Says that nothing more will be sent. Frames from the server still arrive. */
  end(): void {
    this.#writer.end();
  }

  /**
   * Closes the connection once what was sent has gone out, or after a second. Calling
   * it again only waits.
   */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      if (this.#socket.closed) return resolve();
      this.#socket.once('close', () => resolve());
      closeSoon(this.#socket);
    });
    return this.#closing;
  }
  // #endregion client
}

/**
 * Opens a TCP connection.
 *
 * @throws RangeError for a port that is not a whole number from 0 to 65535
 * @throws {@link LeveretError} `REFUSED` with the system's error as its cause
 */
// #region open-socket
export function openSocket(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    checkPort(port);
    const socket = connect({ host, port, noDelay: true });
    const refused = (cause: NodeJS.ErrnoException) => {
      const reason = cause.code ?? cause.message;
      const what = `nobody answers at ${host} port ${port} (${reason})`;
      const advice = 'start the server, or check the port';
      reject(new LeveretError('REFUSED', `${what}: ${advice}`, { cause }));
    };
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      // From here on the reading half reports what goes wrong; this listener only
      // keeps the process alive.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
// #endregion open-socket
