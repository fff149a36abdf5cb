import type { Connection } from '#connections';
import type { SlowReaders } from '../delivery/slow-readers.ts';
import { PostponedFrames } from './postponed-frames.ts';

/** Whose reading a {@link Stall} stops. */
export interface Stallable {
  readonly connection: Pick<Connection<unknown>, 'pause'>;
  /** Serve these, and read on if they do not make it stall again. */
  goOnServing(postponed: PostponedFrames | undefined): void;
}

const NOBODY: ReadonlySet<SlowReaders> = new Set();

/**
 * Whether a client is read from, and if not, why: topics hold it, or too many answers wait for it. What lies in
 * the chunk at hand when it stalls is put by, so that it holds from the next frame on.
 */
export class Stall {
  /** True while nothing of this client is served. */
  on = false;
  readonly #owner: Stallable;
  // Made when first needed: there may be very many idle clients.
  #heldBy: Set<SlowReaders> | undefined;
  #postponed: PostponedFrames | undefined;
  #answersWait = false;
  #ending = false;

  constructor(owner: Stallable) {
    this.#owner = owner;
  }

  /** The topics that hold it. */
  get heldBy(): ReadonlySet<SlowReaders> {
    return this.#heldBy ?? NOBODY;
  }

  /** A topic holds it. */
  hold(by: SlowReaders): void {
    this.#heldBy ??= new Set();
    this.#heldBy.add(by);
    this.#begin();
  }

  /** A topic does not hold it any more. */
  goOn(by: SlowReaders): void {
    this.#heldBy?.delete(by);
    this.#end();
  }

  /** Too many answers wait for it. */
  answersWait(): void {
    this.#answersWait = true;
    this.#begin();
  }

  /** It has taken what waited for it. */
  drained(): void {
    this.#answersWait = false;
    this.#end();
  }

  /** Puts a frame by. */
  postpone(type: number, bytes: Buffer, start: number, end: number): void {
    this.#postponed ??= new PostponedFrames();
    this.#postponed.add(type, bytes, start, end);
  }

  /** The client is gone. */
  forget(client: Parameters<SlowReaders['forget']>[0]): void {
    for (const slow of this.heldBy) slow.forget(client);
    this.#heldBy = undefined;
    this.#postponed = undefined;
  }

  #begin(): void {
    this.on = true;
    this.#owner.connection.pause();
  }

  /** Ends the stall unless something else holds; later, as the caller is in the middle of a walk over readers. */
  #end(): void {
    if (!this.on || this.#ending) return;
    this.#ending = true;
    setImmediate(() => {
      this.#ending = false;
      if (this.heldBy.size > 0 || this.#answersWait) return;
      this.on = false;
      const postponed = this.#postponed;
      this.#postponed = undefined;
      this.#owner.goOnServing(postponed);
    });
  }
}
