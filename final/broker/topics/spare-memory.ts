import type { SegmentMemory } from '#log';

/**
 * Memory of large segments that goes round: large allocations are what keeps the garbage collector busy in a fast log. All
 * other memory is taken from the engine and left to it.
 */
export class SpareMemory implements SegmentMemory {
  readonly #size: number;
  readonly #most: number;
  readonly #spares: Buffer[] = [];

  /**
   * @param size - bytes of the pieces that are kept
   * @param most - how many are kept
   */
  constructor(size: number, most: number) {
    this.#size = size;
    this.#most = most;
  }

  take(size: number): Buffer {
    return (size === this.#size ? this.#spares.pop() : undefined) ?? Buffer.allocUnsafeSlow(size);
  }

  give(bytes: Buffer): void {
    if (bytes.length === this.#size && this.#spares.length < this.#most) this.#spares.push(bytes);
  }
}
