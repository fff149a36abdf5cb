/** A program that listens where a peer is expected, and behaves as a test wants it to. */
import { createServer, type Server, type Socket } from 'node:net';
import { listen } from '#framing/net';
import { encodeWelcome } from '#peers';

/** What the stub does with a connection. */
export interface StubOptions {
  /**
   * What it answers to the first bytes; undefined answers nothing.
   * @defaultValue a WELCOME for datagrams of up to 64 MiB
   */
  readonly answer?: Buffer | undefined;
  /**
   * False: it stops reading at once after its answer.
   * @defaultValue true
   */
  readonly reads?: boolean;
  readonly port?: number;
}

/** A listener under a test's control. */
export class StubListener implements AsyncDisposable {
  readonly #server: Server;
  /** Every connection that came, in order; some may be closed. */
  readonly sockets: Socket[] = [];
  /** All bytes that came, over all connections. */
  bytes = 0;
  address = '';

  private constructor(options: StubOptions) {
    const { reads = true } = options;
    const answer = 'answer' in options ? options.answer : encodeWelcome(67_108_864);
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.push(socket);
      socket.on('error', () => {});
      socket.on('end', () => socket.end());
      socket.once('data', () => {
        if (answer !== undefined) socket.write(answer);
        if (!reads) socket.pause();
      });
      socket.on('data', (chunk) => {
        this.bytes += chunk.length;
      });
    });
  }

  static async start(options: StubOptions = {}): Promise<StubListener> {
    const stub = new StubListener(options);
    await listen(stub.#server, '127.0.0.1', options.port ?? 0);
    stub.address = `127.0.0.1:${stub.port}`;
    return stub;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.sockets.filter((socket) => !socket.destroyed).length;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
