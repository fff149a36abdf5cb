import { connect, type Socket } from 'node:net';
import { LeveretError } from './errors.ts';
import type { Frame } from './frame.ts';
import type { FrameReaderOptions } from './frame-reader.ts';
import { DEFAULT_HOST } from './server.ts';
import { FrameWriter, readFrames } from './socket-halves.ts';

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
  readonly #socket: Socket;
  readonly #frames: AsyncGenerator<Frame>;
  readonly #writer: FrameWriter;

  private constructor(socket: Socket, options: FrameReaderOptions) {
    this.#socket = socket;
    this.#frames = readFrames(socket, options);
    this.#writer = new FrameWriter(socket);
  }

  /**
   * Opens a connection.
   *
   * @throws {@link LeveretError} `REFUSED` when nobody answers there
   */
  static async connect(options: FrameClientOptions): Promise<FrameClient> {
    const socket = await openSocket(options.host ?? DEFAULT_HOST, options.port);
    return new FrameClient(socket, options.limit === undefined ? {} : { limit: options.limit });
  }

  /** Sends one frame; resolves when the next one may be sent. */
  send(type: number, body: Uint8Array): Promise<void> {
    return this.#writer.send(type, body);
  }

  /**
   * The next frame from the server.
   *
   * @throws {@link LeveretError} `DISCONNECTED` when the server has ended the connection
   */
  async receive(): Promise<Frame> {
    const { done, value } = await this.#frames.next();
    if (done === true) throw new LeveretError('DISCONNECTED', 'the server ended the connection');
    return value;
  }

  /** All frames from the server, until it ends the connection. */
  frames(): AsyncIterable<Frame> {
    return this.#frames;
  }

  /** Closes the connection. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) return resolve();
      this.#socket.once('close', () => resolve());
      this.#socket.destroy();
    });
  }
}

/**
 * Opens a TCP connection.
 *
 * @throws {@link LeveretError} `REFUSED` with the system's error as its cause
 */
export function openSocket(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const refused = (cause: NodeJS.ErrnoException) =>
      reject(
        new LeveretError(
          'REFUSED',
          `nobody answers at ${host} port ${port} (${cause.code ?? cause.message}): start the server, or check the port`,
          { cause },
        ),
      );
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      // From here on the reading half reports what goes wrong; this listener only keeps the process alive.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
