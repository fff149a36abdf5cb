import type { Socket } from 'node:net';
import { type FrameHandler, FrameReader } from '#framing';
import { BatchedWriter } from './batched-writer.ts';

// #region handlers
/** What a {@link FrameSocket} tells its owner. */
export interface FrameSocketHandlers {
  /** A frame has come. Its bytes are lent: they are overwritten by the next read. */
  readonly onFrame: FrameHandler;
  /**
   * A read has been dealt with, or the socket takes more again, or `turn` was called:
   * time to send what waits.
   */
  readonly onTurn?: () => void;
  /**
   * Asked after each turn: shall the next bytes be read? While they are not, TCP slows
   * the peer down.
   */
  readonly mayRead: () => boolean;
  /** What came are no frames, or a handler threw this. */
  readonly onFailure: (thrown: unknown) => void;
  /** The peer has ended its direction, between two frames. It may still read. */
  readonly onEnd?: () => void;
  /** The connection is gone. */
  readonly onClose: () => void;
}
// #endregion handlers

// #region socket
/**
 * Both directions of one connection, with callbacks: frames in, frames out, and an end
 * that the peer can read.
 */
export class FrameSocket {
  // step 3.7: both directions of one connection

  readonly #socket: Socket;
  readonly #handlers: FrameSocketHandlers;
  readonly #reader: FrameReader;
  readonly #writer: BatchedWriter;
  #ending = false;

  /** @param limit - the largest frame size accepted, in bytes (type and body) */
  constructor(socket: Socket, limit: number, handlers: FrameSocketHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#reader = new FrameReader(handlers.onFrame, { limit });
    this.#writer = new BatchedWriter(socket);
    socket.on('data', (chunk) => this.#onData(chunk));
    // In a later turn: who reads as fast as we write must not keep the others waiting.
    socket.on('drain', () => setImmediate(() => this.turn()));
    // Also later: what this turn has brought for the peer is its due, too.
    socket.on('end', () => setImmediate(() => this.#onEnd()));
    socket.on('close', handlers.onClose);
  }

  /**
   * The largest frame size accepted from the next frame on, in bytes (type and body).
   */
  get limit(): number {
    return this.#reader.limit;
  }

  set limit(bytes: number) {
    this.#reader.limit = bytes;
  }

  /**
   * True while the socket holds more than it likes. The handler `onTurn` is called when
   * that is over.
   */
  get full(): boolean {
    return this.#writer.full;
  }

  /**
   * Sends one frame or several, laid out whole. What is sent in one callback goes out
   * in one write.
   *
   * @returns true when they are out, as {@link BatchedWriter.send}
   */
  send(frames: Uint8Array): boolean {
    return this.#writer.send(frames);
  }

  /**
   * Does what belongs to this connection: what is thrown goes to `onFailure`, and to
   * nobody else.
   */
  run(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#handlers.onFailure(thrown);
    }
  }

  /** Gives the owner its turn, as after a read: there is something to send. */
  turn(): void {
    this.run(() => this.#handlers.onTurn?.());
    this.adjustReading();
  }

  /** Asks `mayRead` again. */
  adjustReading(): void {
    if (this.#ending || this.#handlers.mayRead()) this.#socket.resume();
    else this.#socket.pause();
  }

  /**
   * Ends our direction behind what was sent. The peer has so many milliseconds to take
   * it all and go. What it still sends is read and thrown away: left unread, it would
   * make the system reset the connection, and the peer might never see our last frame.
   */
  end(milliseconds: number): void {
    if (this.#ending || this.#socket.destroyed) return;
    this.#ending = true;
    this.#writer.end();
    this.adjustReading();
    void this.gone(milliseconds);
  }

  /**
   * Resolves when the connection is gone. If it is not in so many milliseconds, it is
   * closed from here.
   */
  async gone(milliseconds: number): Promise<void> {
    if (this.#socket.closed) return;
    const timer = setTimeout(() => this.#socket.destroy(), milliseconds);
    await new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    clearTimeout(timer);
  }

  /** Ends both directions at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    if (this.#ending) return;
    this.run(() => this.#reader.push(chunk));
    this.#writer.flush();
    this.turn();
  }

  #onEnd(): void {
    if (this.#ending) return;
    if (this.#reader.midFrame) this.#socket.destroy();
    else this.#handlers.onEnd?.();
  }
}
// #endregion socket
