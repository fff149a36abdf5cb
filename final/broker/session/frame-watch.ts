import type { Faults } from '../faults.ts';

/** Which way a frame goes: in from the client, or out to it. */
export type Direction = 'in' | 'out';

/** Whose frames are watched. */
export interface WatchedClient {
  /** Number of the connection. */
  readonly number: number;
  /** What the client calls itself. */
  readonly name: string;
}

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
  /** Whether anybody watches. */
  on = false;
  readonly #faults: Pick<Faults, 'guard'>;
  readonly #listeners = new Set<(frame: WatchedFrame) => void>();
  readonly #shown = new Map<number, number>();
  #second = 0;
  #left = 0;

  constructor(faults: Pick<Faults, 'guard'>) {
    this.#faults = faults;
  }

  /** Calls `listener` for frames from now on. Returns a function that stops it. */
  add(listener: (frame: WatchedFrame) => void): () => void {
    this.#listeners.add(listener);
    this.on = true;
    return () => {
      this.#listeners.delete(listener);
      this.#shown.clear();
      this.on = this.#listeners.size > 0;
    };
  }

  /** A frame whose body is `bytes[start, end)`. */
  see(client: WatchedClient, way: Direction, type: number, bytes: Buffer, start: number, end: number): void {
    const at = Date.now();
    const second = Math.floor(at / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#left = PER_SECOND;
      this.#shown.clear();
    }
    const { number, name } = client;
    const before = this.#shown.get(number) ?? 0;
    if (this.#left === 0 || before === PER_CONNECTION) return;
    this.#left--;
    this.#shown.set(number, before + 1);
    const size = end - start + 5;
    const shown = Buffer.alloc(Math.min(size, SHOWN));
    shown.writeUInt32BE(size - 4);
    shown[4] = type;
    bytes.copy(shown, 5, start, start + shown.length - 5);
    // A token is a secret, even from those who may watch.
    if (type === 0x01) shown.fill(0x2a, 7 + (shown[6] ?? 0) + 2);
    const frame = { at, connection: number, name, direction: way, type, size, bytes: shown };
    for (const listener of this.#listeners) {
      this.#faults.guard('somebody who watches frames', () => listener(frame));
    }
  }
}
