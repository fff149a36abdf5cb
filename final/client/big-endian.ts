/** Numbers of the wire for the hot paths, where a cursor for each would cost too much. Nobody checks bounds here. */

/** A number of two bytes. */
export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** A number of four bytes. */
export function u32(bytes: Uint8Array, at: number): number {
  return (u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2)) >>> 0;
}

/** Writes a number of two bytes. */
export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Writes a number of four bytes. */
export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
