import createDebug from 'debug';
import { FrameReader } from '#framing';
import { describeBytes } from '#protocol';
import type { Direction, FrameWatch, WatchedClient } from './frame-watch.ts';

const debug = createDebug('leveret:broker');

/** Shows frames to those who look on: `DEBUG=leveret:broker`, and whoever watches by {@link FrameWatch}. */
export class FrameTrace {
  readonly #watch: FrameWatch;

  constructor(watch: FrameWatch) {
    this.#watch = watch;
  }

  /** Whether anybody looks on. */
  get on(): boolean {
    return debug.enabled || this.#watch.on;
  }

  /** A frame whose body is `bytes[start, end)`. */
  frame(
    client: WatchedClient,
    way: Direction,
    type: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    if (this.#watch.on) this.#watch.see(client, way, type, bytes, start, end);
    if (debug.enabled)
      debug('%s %s %s', client.name, way === 'in' ? '->' : '<-', describeBytes(type, bytes, start, end));
  }

  /** Whole frames that go out, one behind the other. */
  framesOut(client: WatchedClient, frames: Uint8Array): void {
    const bytes = Buffer.from(frames.buffer, frames.byteOffset, frames.length);
    new FrameReader((...frame) => this.frame(client, 'out', ...frame), { limit: 0xffff_ffff }).push(bytes);
  }
}
