/** Counts, while `action` runs, the bytes that Buffer's own functions copy and allocate. No clock is involved. */
export function countBytes(action: () => void): { copied: number; allocated: number } {
  const count = { copied: 0, allocated: 0 };
  const { concat, from, alloc, allocUnsafe, allocUnsafeSlow } = Buffer;
  const { copy } = Buffer.prototype;
  const { set } = Uint8Array.prototype;
  const counted = <Args extends unknown[]>(original: (...args: Args) => Buffer, copies: boolean) =>
    function (this: unknown, ...args: Args): Buffer {
      const made = original.apply(Buffer, args);
      count.allocated += made.length;
      if (copies) count.copied += made.length;
      return made;
    };
  Object.assign(Buffer, {
    concat: counted(concat, true),
    from: counted(from as (...args: unknown[]) => Buffer, true),
    alloc: counted(alloc as (...args: unknown[]) => Buffer, false),
    allocUnsafe: counted(allocUnsafe, false),
    allocUnsafeSlow: counted(allocUnsafeSlow, false),
  });
  Buffer.prototype.copy = function (this: Buffer, ...args: Parameters<Buffer['copy']>) {
    const bytes = copy.apply(this, args);
    count.copied += bytes;
    return bytes;
  };
  Uint8Array.prototype.set = function (this: Uint8Array, ...args: Parameters<Uint8Array['set']>) {
    count.copied += args[0].length;
    set.apply(this, args);
  };
  try {
    action();
  } finally {
    Object.assign(Buffer, { concat, from, alloc, allocUnsafe, allocUnsafeSlow });
    Buffer.prototype.copy = copy;
    Uint8Array.prototype.set = set;
  }
  return count;
}
