import type { Socket } from 'node:net';
import { FrameWriter } from '#framing/net';

/**
 * Frames up to this size wait for the others of their callback; copying a larger one
 * costs more than a write.
 */
const SMALL_BYTES = 2_048;

/** When this much has been gathered it is written, whatever may follow. */
const BATCH_BYTES = 65_536;

// #region writer
/**
 * Writes frames to a socket, in order. A write costs some microseconds however few its
 * bytes are, so small frames are gathered, and written together when the callback that
 * sends them has ended.
 */
export class BatchedWriter {
  // step 3.6: gather small frames into one write

  readonly #socket: Socket;
  readonly #frames: FrameWriter;
  // Invariant: while something is gathered, a flush is booked.
  #gathered: Uint8Array[] = [];
  #size = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#frames = new FrameWriter(socket);
  }

  /**
   * True while the socket holds more than it likes, and when it takes no more at all.
   */
  get full(): boolean {
    return this.#socket.writableNeedDrain || !this.#socket.writable;
  }

  /**
   * Resolves when the socket takes more.
   *
   * @throws LeveretError `DISCONNECTED` when it never will
   */
  drained(): Promise<void> {
    return this.#frames.drained();
  }

  /**
   * Takes one frame or several, laid out whole. Their bytes must not change until they
   * are out. Behind the end nothing is sent.
   *
   * @returns true when they are out: the system has taken them
   */
  send(bytes: Uint8Array): boolean {
    if (!this.#socket.writable) return true;
    if (bytes.length > SMALL_BYTES) {
      this.flush();
      this.#socket.write(bytes);
      return this.#socket.writableLength === 0;
    }
    if (this.#size === 0) process.nextTick(() => this.flush());
    this.#gathered.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= BATCH_BYTES) this.flush();
    return false;
  }

  /** Writes what was gathered. */
  flush(): void {
    const [first] = this.#gathered;
    if (first === undefined) return;
    const bytes =
      this.#gathered.length === 1 ? first : Buffer.concat(this.#gathered, this.#size);
    this.#gathered = [];
    this.#size = 0;
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Ends this direction of the connection, behind what was sent. */
  end(): void {
    this.flush();
    this.#socket.end();
  }
}
// #endregion writer
