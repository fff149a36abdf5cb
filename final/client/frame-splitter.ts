import { checkSize, HEADER_SIZE, TYPE_SIZE } from '#framing';
import { u32 } from './big-endian.ts';

const FRAME_HEADER = HEADER_SIZE + TYPE_SIZE;

/** Called for each complete frame, whose body is `bytes[start, end)`. The bytes are given: they never change. */
export type OnFrame = (type: number, bytes: Uint8Array, start: number, end: number) => void;

/**
 * Cuts a stream of bytes into frames. The frame reader of chapter 1 in the terms that a browser knows: a frame that lies
 * whole in a chunk is handed out where it lies, one that was cut is put together in memory of its own.
 */
export class FrameSplitter {
  /** Largest frame that is taken, as its size field counts. */
  limit: number;
  readonly #onFrame: OnFrame;
  readonly #alloc: (size: number) => Uint8Array;

  // Of the frame that is being put together: its first bytes while its size is not known, then the whole of it.
  readonly #size = new Uint8Array(4);
  #filled = 0;
  #frame: Uint8Array | undefined;
  #wanted: Uint8Array | undefined;
  // Or, as long as it may go on where it lies: a frame that was cut, up to #cutEnd.
  #cut: Uint8Array | undefined;
  #cutStart = 0;
  #cutEnd = 0;

  /** @param alloc - memory for frames that were cut; it need not be empty */
  constructor(
    limit: number,
    onFrame: OnFrame,
    alloc: (size: number) => Uint8Array = (size) => new Uint8Array(size),
  ) {
    this.limit = limit;
    this.#alloc = alloc;
    this.#onFrame = onFrame;
  }

  /**
   * Where the rest of a frame that is being put together goes: bytes that are read to this place and then given to `push`
   * need not be copied.
   */
  get wanted(): Uint8Array | undefined {
    const frame = this.#frame;
    if (frame === undefined) return undefined;
    this.#wanted = frame.subarray(this.#filled);
    return this.#wanted;
  }

  /**
   * Takes the next bytes of the stream, `chunk[start, end)`. If they lie right behind those before, a frame that was cut
   * is whole again and need not be put together.
   *
   * @throws FrameError `BAD_FRAME` or `TOO_LARGE`, and what the handler throws. It must not be used after that.
   */
  push(chunk: Uint8Array, start = 0, end: number = chunk.length): void {
    const onFrame = this.#onFrame;
    let at = this.#filled > 0 ? this.#resume(chunk, start, end) : start;
    const cut = this.#cut;
    if (cut !== undefined) {
      this.#cut = undefined;
      if (cut === chunk && this.#cutEnd === start) at = this.#cutStart;
      else {
        this.#resume(cut, this.#cutStart, this.#cutEnd);
        at = this.#resume(chunk, start, end);
      }
    }
    while (end - at >= FRAME_HEADER) {
      const size = u32(chunk, at);
      checkSize(size, this.limit);
      const next = at + 4 + size;
      if (next > end) break;
      const body = at + FRAME_HEADER;
      at = next;
      onFrame(chunk[body - 1] as number, chunk, body, next);
    }
    if (at === end) return;
    const room = chunk.length - at;
    if (end === chunk.length || (end - at >= FRAME_HEADER && u32(chunk, at) + 4 > room)) {
      this.#resume(chunk, at, end);
      return;
    }
    this.#cut = chunk;
    this.#cutStart = at;
    this.#cutEnd = end;
  }

  #resume(chunk: Uint8Array, from: number, end: number): number {
    let at = from;
    while (this.#filled < 4) {
      if (at === end) return at;
      this.#size[this.#filled++] = chunk[at++] as number;
    }
    if (this.#frame === undefined) {
      const size = u32(this.#size, 0);
      checkSize(size, this.limit);
      this.#frame = this.#alloc(4 + size);
      this.#frame.set(this.#size);
    }
    const frame = this.#frame;
    const wanted = Math.min(frame.length - this.#filled, end - at);
    if (chunk !== this.#wanted) frame.set(chunk.subarray(at, at + wanted), this.#filled);
    this.#wanted = undefined;
    this.#filled += wanted;
    if (this.#filled < frame.length) return at + wanted;
    this.#frame = undefined;
    this.#filled = 0;
    this.#onFrame(frame[4] as number, frame, FRAME_HEADER, frame.length);
    return at + wanted;
  }
}
