import { connect, createServer, type Socket } from 'node:net';
import { boundPort, listen } from '#framing/net';

const TICK_MS = 2;

/**
 * A proxy that passes so many bytes a second to another port, shared evenly by all its connections: a network link
 * that is slower than the programs at its ends. Bytes that come back are not slowed.
 */
export class SlowLink implements AsyncDisposable {
  readonly #server = createServer();
  readonly #lanes = new Map<Socket, Socket>();
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  private constructor(targetPort: number, bytesPerSecond: number) {
    this.#server.on('connection', (near) => {
      const far = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
      this.#lanes.set(near, far);
      far.pipe(near);
      for (const socket of [near, far]) {
        socket.on('error', () => {});
        socket.once('close', () => {
          this.#lanes.delete(near);
          near.destroy();
          far.destroy();
        });
      }
      // Without a listener the stream would not fill its buffer; the timer takes from it.
      near.on('readable', () => {});
    });
    this.#timer = setInterval(() => {
      const time = performance.now();
      // After a long pause of this process the link does not make up for all of it.
      this.#pass((bytesPerSecond * Math.min(time - this.#last, 10 * TICK_MS)) / 1_000);
      this.#last = time;
    }, TICK_MS);
  }

  static async start(targetPort: number, bytesPerSecond: number): Promise<SlowLink> {
    const link = new SlowLink(targetPort, bytesPerSecond);
    await listen(link.#server, '127.0.0.1', 0);
    return link;
  }

  get address(): string {
    return `127.0.0.1:${boundPort(this.#server)}`;
  }

  /** Lets so many bytes through, a piece of each connection in turn. */
  #pass(budget: number): void {
    const piece = 4_096;
    for (let left = budget; left > 0; ) {
      let passed = 0;
      for (const [near, far] of this.#lanes) {
        const size = Math.min(piece, near.readableLength);
        const bytes: Buffer | null = size === 0 ? null : near.read(size);
        if (bytes === null) continue;
        far.write(bytes);
        passed += bytes.length;
      }
      if (passed === 0) return;
      left -= passed;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const near of this.#lanes.keys()) near.destroy();
    await closed;
  }
}
