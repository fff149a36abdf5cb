/**
 * A TCP connection is two streams, one each way. Here they are kept apart: {@link readFrames} is the reading
 * half and {@link FrameWriter} the writing half, so that one piece of code can own each.
 */
import type { Socket } from 'node:net';
import createDebug from 'debug';
import { LeveretError } from './errors.ts';
import { encodeFrame, type Frame } from './frame.ts';
import { FrameReader, type FrameReaderOptions } from './frame-reader.ts';

// step 1.11: the writing half

const debug = createDebug('leveret:framing');

/**
 * The reading half: the frames that arrive on a socket, in order. Reading stops while you do not ask for the
 * next frame, and TCP then slows the sender down.
 *
 * Leaving the loop early leaves the socket open: the writing half may still be in use.
 *
 * @throws {@link FrameError} when the bytes are not frames or end inside one
 * @throws {@link LeveretError} `DISCONNECTED` when the connection broke
 */
export async function* readFrames(socket: Socket, options: FrameReaderOptions = {}): AsyncGenerator<Frame> {
  // step 1.10: the reading half
  // #region read-frames
  const ready: Frame[] = [];
  const reader = new FrameReader((type, bytes, start, end) => {
    // The reader lends us the bytes; a frame that waits in a list needs its own.
    ready.push({ type, body: Buffer.from(bytes.subarray(start, end)) });
  }, options);
  for await (const chunk of chunksOf(socket)) {
    let failure: unknown;
    try {
      reader.push(chunk);
    } catch (error) {
      // The frames before the broken one are good: hand them out first.
      failure = error;
    }
    for (const frame of ready.splice(0)) {
      debug('received type %d, %d bytes', frame.type, frame.body.length);
      yield frame;
    }
    if (failure !== undefined) throw failure;
  }
  reader.end();
  // #endregion read-frames
}

// #region chunks-of
/** What a socket reads. Only a connection that breaks is `DISCONNECTED`. */
async function* chunksOf(socket: Socket): AsyncGenerator<Buffer> {
  // step 1.10: the reading half
  try {
    yield* socket.iterator({ destroyOnReturn: false });
  } catch (cause) {
    if (cause instanceof LeveretError) throw cause;
    const message = 'the connection broke; connect again to go on';
    throw new LeveretError('DISCONNECTED', message, { cause });
  }
}
// #endregion chunks-of

/** The writing half: lays frames out and writes them to a socket. */
export class FrameWriter {
  readonly #socket: Socket;
  #draining: Promise<void> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * Writes one frame, without waiting.
   *
   * @returns false when the socket holds more than it likes: wait for {@link FrameWriter.drained} before
   * writing on
   */
  // #region write
  write(type: number, body: Uint8Array): boolean {
    debug('sending type %d, %d bytes', type, body.length);
    return this.#socket.write(encodeFrame(type, body));
  }
  // #endregion write

  /**
   * Resolves when the socket takes more.
   *
   * @throws {@link LeveretError} `DISCONNECTED` when it never will
   */
  // #region drained
  async drained(): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) throw disconnected();
    if (!socket.writableNeedDrain) return;
    // However many wait, one set of listeners serves them all.
    this.#draining ??= new Promise<void>((resolve, reject) => {
      const settle = () => {
        for (const event of ['drain', 'finish', 'close']) socket.off(event, settle);
        this.#draining = undefined;
        if (socket.destroyed && !socket.writableFinished) reject(disconnected());
        else resolve();
      };
      for (const event of ['drain', 'finish', 'close']) socket.on(event, settle);
    });
    await this.#draining;
  }

  /**
   * Writes one frame and resolves when the socket takes the next one: the sender
   * keeps the receiver's pace.
   */
  async send(type: number, body: Uint8Array): Promise<void> {
    if (this.#socket.destroyed || this.#socket.writableEnded) throw disconnected();
    if (!this.write(type, body)) await this.drained();
  }
  // #endregion drained

  /** Ends this direction of the connection, after what was written. The other direction stays open. */
  end(): void {
    this.#socket.end();
  }
}

/** How long {@link closeSoon} waits for the other side to take what was written, in milliseconds. */
const FLUSH_DEADLINE_MS = 1_000;

/**
 * Closes a socket once what was written has gone out, or after a second: a peer that does not read cannot hold
 * the connection open.
 */
// #region close-soon
export function closeSoon(socket: Socket): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), FLUSH_DEADLINE_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.destroySoon();
}
// #endregion close-soon

function disconnected(): LeveretError {
  return new LeveretError('DISCONNECTED', 'the connection closed before all was written');
}
