import type { Platform } from './platform.ts';

/** Most buffers that are kept for later. */
const MOST = 64;

/**
 * Buffers of one size that go round. A new one for each frame would be a matter of microseconds, but the engine's garbage
 * collector counts the bytes outside its heap too: at some hundred MB a second it would do little else than collect.
 */
export class BufferPool {
  /** Bytes of each buffer. */
  readonly size: number;
  readonly #platform: Platform;
  readonly #free: Uint8Array[] = [];

  constructor(size: number, platform: Platform) {
    this.size = size;
    this.#platform = platform;
  }

  /** A buffer that nobody else has. */
  take(): Uint8Array {
    return this.#free.pop() ?? this.#platform.alloc(this.size);
  }

  /** Takes a buffer back that nobody uses any more. Who never gives one back leaves it to the garbage collector. */
  give(buffer: Uint8Array): void {
    if (this.#free.length < MOST) this.#free.push(buffer);
  }
}
