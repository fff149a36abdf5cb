import type { Transport } from './platform.ts';

/** Bytes to be sent. */
export interface Chunk {
  readonly bytes: Uint8Array;
  /** Called when the bytes may be used for something else. */
  readonly written: (() => void) | undefined;
}

/**
 * Writes chunks in their order. A write costs some microseconds however few its bytes are: small chunks go out as one.
 *
 * @param limit - bytes that one write has at most, unless one chunk is larger: as a WebSocket message it must not be larger
 * than the largest frame
 */
export function writeTogether(
  transport: Transport,
  chunks: readonly Chunk[],
  limit: number,
  alloc: (size: number) => Uint8Array,
): void {
  let small: Chunk[] = [];
  let size = 0;
  const flushSmall = () => {
    const [first] = small;
    if (small.length === 1 && first !== undefined) transport.write(first.bytes, first.written);
    else if (small.length > 1) {
      const together = alloc(size);
      let at = 0;
      for (const { bytes, written } of small) {
        together.set(bytes, at);
        at += bytes.length;
        written?.();
      }
      transport.write(together);
    }
    small = [];
    size = 0;
  };
  for (const chunk of chunks) {
    const { bytes } = chunk;
    if (size + bytes.length > limit) flushSmall();
    small.push(chunk);
    size += bytes.length;
  }
  flushSmall();
}
