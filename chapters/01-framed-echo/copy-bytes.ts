// step 1.9: copy a few bytes

/** From this size on the engine's own copying wins, though it makes objects for every call. */
const LARGE = 160;

// The last chunk that was asked for. It holds many records, and a view for each chunk is cheap where a view for each
// record is not.
let lastBytes: Buffer | undefined;
let lastView: DataView;

/** A view of a buffer's memory, for reading and writing a few bytes at a time: the fastest way there is. */
// #region view-of
export function viewOf(bytes: Buffer): DataView {
  if (bytes !== lastBytes) {
    lastView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  lastBytes = bytes;
  return lastView;
}
// #endregion view-of

/**
 * Copies records. Most are a few dozen bytes, and for those the cost of `Buffer.copy` is the call, not the bytes:
 * sixteen at a time through a DataView take less than half of its time (docs/decisions/0005).
 *
 * @param source - holds them from `from` on
 * @param target - receives them from `at` on
 */
export function copyBytes(source: Buffer, from: number, target: DataView, at: number, size: number): void {
  // #region copy
  if (size > LARGE) {
    const bytes = new Uint8Array(target.buffer, target.byteOffset + at, size);
    bytes.set(new Uint8Array(source.buffer, source.byteOffset + from, size));
    return;
  }
  const view = viewOf(source);
  let i = 0;
  for (; i + 16 <= size; i += 16) {
    target.setInt32(at + i, view.getInt32(from + i, true), true);
    target.setInt32(at + i + 4, view.getInt32(from + i + 4, true), true);
    target.setInt32(at + i + 8, view.getInt32(from + i + 8, true), true);
    target.setInt32(at + i + 12, view.getInt32(from + i + 12, true), true);
  }
  for (; i < size; i++) target.setUint8(at + i, view.getUint8(from + i));
  // #endregion copy
}
