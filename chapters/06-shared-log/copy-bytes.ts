/** From this size on the engine's own copying wins, though it makes an object for every call. */
const LARGE = 160;

// The view of the source that was copied from last. A chunk from a socket holds many records, and a view for each
// chunk is cheap where a view for each record is not.
let lastSource: Buffer | undefined;
let lastView: DataView;

/**
 * Copies a record. Most are a few dozen bytes, and for those the cost of `Buffer.copy` is the call, not the
 * bytes: reading and writing four bytes at a time through a DataView takes less than half of its time.
 *
 * @param source - holds the record from `from` on
 * @param target - receives it from `at` on
 * @param view - a view of the whole target
 */
export function copyBytes(
  source: Buffer,
  from: number,
  target: Buffer,
  view: DataView,
  at: number,
  size: number,
): void {
  if (size > LARGE) {
    target.set(new Uint8Array(source.buffer, source.byteOffset + from, size), at);
    return;
  }
  if (source !== lastSource) {
    lastSource = source;
    lastView = new DataView(source.buffer, source.byteOffset, source.length);
  }
  const sourceView = lastView;
  let i = 0;
  for (; i + 16 <= size; i += 16) {
    view.setInt32(at + i, sourceView.getInt32(from + i, true), true);
    view.setInt32(at + i + 4, sourceView.getInt32(from + i + 4, true), true);
    view.setInt32(at + i + 8, sourceView.getInt32(from + i + 8, true), true);
    view.setInt32(at + i + 12, sourceView.getInt32(from + i + 12, true), true);
  }
  for (; i < size; i++) target[at + i] = source[from + i] as number;
}
