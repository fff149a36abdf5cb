/** Streams that a hostile or broken peer could send: noise, golden vectors, and golden vectors changed a little. */
import fc from 'fast-check';
import { fromHex, vectors } from './golden-vectors.ts';

/** A golden vector with some of its bytes changed, left out or doubled; its size field is often put right again. */
function mutated(bytes: Buffer): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.nat(Math.max(0, bytes.length - 1)),
    value: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
    how: fc.constantFrom('set', 'remove', 'insert', 'flip'),
  });
  return fc.tuple(fc.array(change, { minLength: 1, maxLength: 4 }), fc.boolean()).map(([changes, repair]) => {
    const list = [...bytes];
    for (const { at, value, how } of changes) {
      if (how === 'set') list[at] = value;
      else if (how === 'flip') list[at] = (list[at] ?? 0) ^ (1 << (value & 7));
      else if (how === 'remove') list.splice(at, 1);
      else list.splice(at, 0, value);
    }
    const result = Buffer.from(list);
    if (repair && result.length > 4) result.writeUInt32BE(result.length - 4, 0);
    return result;
  });
}

/** One piece of a stream. */
function anyPiece(from: 'client' | 'broker'): fc.Arbitrary<Buffer> {
  const golden = vectors.filter((vector) => vector.from === from).map(({ hex }) => fromHex(hex));
  const one = fc.constantFrom(...golden);
  return fc.oneof(
    { weight: 4, arbitrary: one },
    { weight: 4, arbitrary: one.chain(mutated) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
  );
}

/** A stream of a few pieces. */
export function anyStream(from: 'client' | 'broker'): fc.Arbitrary<Buffer> {
  return fc.array(anyPiece(from), { minLength: 1, maxLength: 6 }).map((pieces) => Buffer.concat(pieces));
}

/** The stream in pieces of the given sizes, and the rest. */
export function cutAt(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(stream.subarray(at, at + size));
    at += size;
  }
  pieces.push(stream.subarray(at));
  return pieces.filter((piece) => piece.length > 0);
}
