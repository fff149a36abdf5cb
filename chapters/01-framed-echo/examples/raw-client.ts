import { once } from 'node:events';
import type { Socket } from 'node:net';
import { openSocket } from '#framing/net';

/** A client of this chapter's stage that speaks in bytes, so that you see what goes over the wire. */
export class RawClient {
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    // Bytes may wait in the socket, but an end must be noticed although nobody reads.
    socket.on('readable', () => {});
  }

  static async connect({ host, port }: { host: string; port: number }): Promise<RawClient> {
    return new RawClient(await openSocket(host, port));
  }

  /** Writes bytes that are given as hex digits. */
  write(hex: string): void {
    this.#socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  }

  /** Writes bytes, and lets the other side read them before anything else is written. */
  async writeAlone(hex: string): Promise<void> {
    this.write(hex);
    // Two turns of the event loop: the server, in the same process, has polled its sockets in between.
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
  }

  /** Reads so many bytes, as hex digits. Fails when the connection ends before. */
  async read(count: number): Promise<string> {
    for (;;) {
      const bytes = this.#socket.read(count) as Buffer | null;
      if (bytes !== null) return bytes.toString('hex');
      if (this.#socket.readableEnded || this.#socket.destroyed) throw new Error('the connection ended');
      await Promise.race([once(this.#socket, 'readable'), this.closed]);
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
