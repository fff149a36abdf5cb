import type { FrameHandler } from '#framing';
import type { Hold, Publisher } from '../topics/topic-reader.ts';
import { PostponedFrames } from './postponed-frames.ts';

/** What a {@link ReadPause} needs of the client whose reading it pauses. */
export interface ReadPauseHost {
  /** Read no more from it. */
  pauseReading(): void;
  /** Serve what was postponed, and read on if that does not make it pause again. */
  resumeReading(): void;
}

const NOBODY: ReadonlySet<Hold> = new Set();

/**
 * Whether a client is read from, and if not, why: topics hold it, too many answers are buffered for it, or what it has
 * asked for waits for a later turn. What lies in the chunk at hand when the pause begins is postponed, so that the pause
 * holds from the next frame on.
 */
export class ReadPause {
  /** True while nothing of this client is served. */
  on = false;
  readonly #host: ReadPauseHost;
  // Made when first needed: there may be very many idle clients.
  #heldBy: Set<Hold> | undefined;
  #postponed: PostponedFrames | undefined;
  #answersBuffered = false;
  #awaitsTurn = false;
  #ending = false;

  constructor(host: ReadPauseHost) {
    this.#host = host;
  }

  /** The topics that hold it. */
  get heldBy(): ReadonlySet<Hold> {
    return this.#heldBy ?? NOBODY;
  }

  /** Bytes of memory that the frames take that wait. */
  get heldBytes(): number {
    return this.#postponed?.heldBytes ?? 0;
  }

  /** A topic holds it. */
  hold(by: Hold): void {
    this.#heldBy ??= new Set();
    this.#heldBy.add(by);
    this.#begin();
  }

  /** A topic does not hold it any more. */
  release(by: Hold): void {
    this.#heldBy?.delete(by);
    this.#endLater();
  }

  /** Too many answers are buffered for it. */
  answersBuffered(): void {
    this.#answersBuffered = true;
    this.#begin();
  }

  /** It has taken what was buffered for it. */
  drained(): void {
    this.#answersBuffered = false;
    this.#endLater();
  }

  /** Its work waits for a later turn. */
  awaitTurn(): void {
    this.#awaitsTurn = true;
    this.#begin();
  }

  /** That turn has come. */
  turnCame(): void {
    this.#awaitsTurn = false;
    this.#end();
  }

  /** Keeps a frame, to be served when the pause is over. */
  postpone(type: number, bytes: Buffer, start: number, end: number): void {
    this.#postponed ??= new PostponedFrames();
    this.#postponed.add(type, bytes, start, end);
  }

  /** Hands out what was postponed, as far as no new pause begins. */
  replay(onFrame: FrameHandler): void {
    const postponed = this.#postponed;
    postponed?.replay(onFrame, () => this.on);
    if (postponed?.isEmpty) this.#postponed = undefined;
  }

  /** The client is gone. */
  leave(publisher: Publisher): void {
    for (const hold of this.heldBy) hold.forget(publisher);
    this.#heldBy = undefined;
    this.#postponed = undefined;
  }

  #begin(): void {
    this.on = true;
    this.#host.pauseReading();
  }

  /** Ends the pause unless something holds it; later, as the caller is in the middle of a walk over readers. */
  #endLater(): void {
    if (!this.on || this.#ending) return;
    this.#ending = true;
    setImmediate(() => {
      this.#ending = false;
      this.#end();
    });
  }

  #end(): void {
    if (!this.on || this.heldBy.size > 0 || this.#answersBuffered || this.#awaitsTurn) return;
    this.on = false;
    this.#host.resumeReading();
  }
}
