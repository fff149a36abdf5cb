import type { Socket } from 'node:net';
import { type FrameHandler, HEADER_SIZE, LeveretError, toLeveretError } from '#framing';
import { AnswerQueue } from '#topics';
import { FrameSocket } from './frame-socket.ts';

// step 3.8: ask, and get the answers in order

/** How long the other side may take to end a connection, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

// #region handlers
/** What a {@link RequestSocket} asks and tells its owner. */
export interface RequestSocketHandlers {
  /**
   * A frame has come; an answer is passed on to `settle` or `refuse`. Its bytes are
   * lent.
   */
  readonly onFrame: FrameHandler;
  /** Asked after each turn: is there room for what nobody asked for? */
  readonly hasRoom: () => boolean;
  /** The connection is gone. `failure` says why, unless `close` was called. */
  readonly onClose: (failure: LeveretError | undefined) => void;
}
// #endregion handlers

// #region socket
/**
 * The asking end of a connection: requests whose answers come in their order, and one
 * reason why it ended, which all are told who wait, and who ask later.
 *
 * @typeParam A - an answer, decoded
 */
export class RequestSocket<A> {
  readonly #socket: FrameSocket;
  readonly #answers = new AnswerQueue<A>();
  #lastNumber = 0;
  #failure: LeveretError | undefined;
  #closing: Promise<void> | undefined;

  /** @param limit - the largest frame size, both ways, in bytes (type and body) */
  constructor(
    socket: Socket,
    limit: number,
    { onFrame, hasRoom, onClose }: RequestSocketHandlers,
  ) {
    this.#socket = new FrameSocket(socket, limit, {
      onFrame,
      // While an answer is awaited we must read: it comes behind all that is under way.
      mayRead: () =>
        hasRoom() || this.#answers.length > 0 || this.#failure !== undefined,
      onFailure: (thrown) => this.fail(failureOf(thrown)),
      onClose: () => {
        this.#failure ??= disconnected('the other side ended the connection');
        this.#answers.close(this.#failure);
        onClose(this.#failure.code === 'CLOSED' ? undefined : this.#failure);
      },
    });
  }

  /**
   * A number for the next request: 1, 2, and so on, and from 4,294,967,295 on 1 again.
   */
  number(): number {
    this.#lastNumber = (this.#lastNumber % 0xffff_ffff) + 1;
    return this.#lastNumber;
  }

  /** From now on, frames may be this large, both ways. */
  set limit(bytes: number) {
    this.#socket.limit = bytes;
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @param accept - called with the answer before any later frame is looked at. What it
   *   throws ends the connection
   * @returns what `accept` returns
   * @throws LeveretError as `send`, what `refuse` is given, and why the connection is
   *   gone
   */
  async request<T>(frame: Uint8Array, accept: (answer: A) => T): Promise<T> {
    this.send(frame);
    const answered = this.#answers.wait(accept);
    this.adjustReading();
    return answered;
  }

  /**
   * Sends a frame. What is sent in one callback goes out in one write.
   *
   * @throws LeveretError `TOO_LARGE`, or why the connection is gone
   */
  send(frame: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    const { limit } = this.#socket;
    if (frame.length - HEADER_SIZE > limit) {
      const message = `the other side takes frames of ${limit} bytes at most; send less`;
      throw new LeveretError('TOO_LARGE', message);
    }
    this.#socket.send(frame);
  }

  /**
   * Sends an answer to something that the other side has asked; none when the
   * connection ends anyhow.
   */
  reply(frame: Uint8Array): void {
    if (this.#failure === undefined) this.send(frame);
  }

  /** An answer has come. @throws LeveretError `BAD_BROKER` if nobody waits for one */
  settle(answer: A): void {
    if (this.#answers.settle(answer)) return;
    throw new LeveretError('BAD_BROKER', 'an answer that nobody waits for');
  }

  /** An error has come in place of an answer. @returns false if nobody waits for one */
  refuse(error: LeveretError): boolean {
    return this.#answers.refuse(error);
  }

  /** Asks `hasRoom` again. */
  adjustReading(): void {
    this.#socket.adjustReading();
  }

  /** Ends the connection at once, for this reason. */
  fail(error: LeveretError): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  /** Ends the connection at once: the other side has said why it goes. */
  lost(why: string): void {
    this.fail(disconnected(`the other side said: ${why}`));
  }

  /**
   * Sends a last frame, to which the other side ends the connection; after two seconds
   * it is ended from here. Answers that are under way still come. Calling it again only
   * waits.
   */
  close(goodbye: Uint8Array): Promise<void> {
    // However often it is called, one listener waits for the end.
    this.#closing ??= this.#close(goodbye);
    return this.#closing;
  }

  async #close(goodbye: Uint8Array): Promise<void> {
    if (this.#failure === undefined) this.send(goodbye);
    this.#failure ??= new LeveretError('CLOSED', 'this connection has been closed');
    this.adjustReading();
    await this.#socket.gone(CLOSE_TIMEOUT_MS);
  }
}

function disconnected(message: string): LeveretError {
  return new LeveretError('DISCONNECTED', `${message}; connect again to go on`);
}

/**
 * Why a connection ends at which this was thrown: what is no error of ours is a fault
 * of the program, not of the peer.
 */
function failureOf(thrown: unknown): LeveretError {
  if (!(thrown instanceof LeveretError)) return toLeveretError(thrown);
  return new LeveretError(
    'BAD_BROKER',
    `what came is not the protocol: ${thrown.message}`,
    {
      cause: thrown,
    },
  );
}
// #endregion socket
