import type { Session } from './session.ts';
import type { Direction } from './trace.ts';

/** A frame that came or went. */
export interface WatchedFrame {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Number of the connection. */
  readonly connection: number;
  /** What its client calls itself. */
  readonly name: string;
  readonly direction: Direction;
  readonly type: number;
  /** Bytes of the whole frame, header included. */
  readonly size: number;
  /** Its first bytes, header included: a copy. */
  readonly bytes: Buffer;
}

/** How much of a frame is shown. */
const SHOWN = 512;

/** Frames that are shown in a second at most: an eye can follow fewer, and watching must not slow the broker. */
const PER_SECOND = 200;

/** Of these, so many of one connection: a busy one must not hide what the others say. */
const PER_CONNECTION = 20;

/** Shows frames to those who watch, and costs nothing while nobody does. */
export class FrameWatch {
  readonly #listeners = new Set<(frame: WatchedFrame) => void>();
  readonly #onChange: (watched: boolean) => void;
  #second = 0;
  #left = 0;
  readonly #shown = new Map<Session, number>();

  /** @param onChange - told when the first one begins to watch and the last one stops */
  constructor(onChange: (watched: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Calls `listener` for frames from now on. Returns a function that stops it. */
  add(listener: (frame: WatchedFrame) => void): () => void {
    this.#listeners.add(listener);
    this.#onChange(true);
    return () => {
      this.#listeners.delete(listener);
      this.#shown.clear();
      this.#onChange(this.#listeners.size > 0);
    };
  }

  /** A frame whose body is `bytes[start, end)`. */
  see(session: Session, direction: Direction, type: number, bytes: Buffer, start: number, end: number): void {
    const at = Date.now();
    const second = Math.floor(at / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#left = PER_SECOND;
      this.#shown.clear();
    }
    const before = this.#shown.get(session) ?? 0;
    if (this.#left === 0 || before === PER_CONNECTION) return;
    this.#left--;
    this.#shown.set(session, before + 1);
    const size = end - start + 5;
    const shown = Buffer.alloc(Math.min(size, SHOWN));
    shown.writeUInt32BE(size - 4);
    shown[4] = type;
    bytes.copy(shown, 5, start, start + shown.length - 5);
    // A token is a secret, even from those who may watch.
    if (type === 0x01) shown.fill(0x2a, 7 + (shown[6] ?? 0) + 2);
    const { name } = session;
    const frame = { at, connection: session.connection.number, name, direction, type, size, bytes: shown };
    for (const listener of this.#listeners) listener(frame);
  }
}
