import type { Duplex } from 'node:stream';

/**
 * Bytes that were written and have not left this program. `writableLength` counts a buffer whole until its last
 * byte is out; Node's socket handle knows how much of it is left, so that a slow reader of one large buffer is
 * not taken for one that has stopped.
 */
export function unsentBytes(stream: Duplex): number {
  const handle = (stream as { _handle?: { writeQueueSize?: number } })._handle;
  return stream.writableLength + (handle?.writeQueueSize ?? 0);
}
