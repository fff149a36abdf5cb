import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameReader } from '#framing';
import { fromHex, vectors } from '../../../chapters/04-full-protocol/test/golden-vectors.ts';
import { FrameSplitter } from '../frame-splitter.ts';
import { seeded } from './support.ts';

/** Bodies of 0 to 299 bytes, each filled with its number. */
const BODIES = Array.from({ length: 60 }, (_, index) => Buffer.alloc((index * 37) % 300, index));

const STREAM = Buffer.concat(
  BODIES.map((body, index) => {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(1 + body.length);
    head[4] = index;
    return Buffer.concat([head, body]);
  }),
);

/** Reads as the transport of Node does: one read behind the other into slabs, or to where the splitter wants it. */
function readInto(slabSize: number, least: number, readSize: (read: number) => number) {
  const kept: { type: number; body: Uint8Array }[] = [];
  const splitter = new FrameSplitter(
    1000,
    (type, bytes, start, end) => kept.push({ type, body: bytes.subarray(start, end) }),
    (size) => Buffer.alloc(size, 0xee),
  );
  let slab = Buffer.alloc(slabSize);
  let at = 0;
  for (let from = 0, read = 0; from < STREAM.length; read++) {
    const wanted = splitter.wanted;
    if (wanted === undefined && slab.length - at < least) {
      slab = Buffer.alloc(slabSize);
      at = 0;
    }
    const room = wanted ?? slab.subarray(at);
    const size = Math.min(readSize(read), room.length, STREAM.length - from);
    room.set(STREAM.subarray(from, from + size));
    from += size;
    if (wanted !== undefined) splitter.push(wanted, 0, size);
    else {
      splitter.push(slab, at, at + size);
      at += size;
    }
  }
  return kept;
}

test('frames come out whole, and stay as they are, however slabs and reads cut them', () => {
  for (const slabSize of [40, 64, 333, 1000, 4096]) {
    for (const readSize of [1, 3, 4, 5, 6, 50, 64, 301, 5000]) {
      for (const least of [1, 4, 30]) {
        const frames = readInto(slabSize, least, (read) => (read % 3 === 0 ? readSize : 1 + (readSize >> 1)));
        assert.is(frames.length, BODIES.length);
        frames.forEach(({ type, body }, index) => {
          assert.is(type, index);
          assert.ok(BODIES[index]!.equals(body), `frame ${index}, slab ${slabSize}, reads ${readSize}`);
        });
      }
    }
  }
});

test('a frame that goes on in the same memory is not copied', () => {
  const slab = Buffer.from(STREAM);
  const seen = new Set<ArrayBufferLike>();
  const splitter = new FrameSplitter(1000, (_, bytes) => seen.add(bytes.buffer));
  for (let at = 0; at < slab.length; at += 7) splitter.push(slab, at, Math.min(slab.length, at + 7));
  assert.equal([...seen], [slab.buffer]);
});

/** Every golden vector that can be cut into frames, one behind the other. */
const GOLDEN = Buffer.concat(
  vectors
    .map(({ hex }) => fromHex(hex))
    .filter((bytes) => bytes.readUInt32BE(0) === bytes.length - 4 && bytes.length > 4),
);

type Frames = [type: number, body: string][];

function asSplit(chunks: readonly Uint8Array[]): Frames {
  const frames: Frames = [];
  const splitter = new FrameSplitter(1_048_576, (type, bytes, start, end) => {
    frames.push([type, Buffer.from(bytes.subarray(start, end)).toString('hex')]);
  });
  for (const chunk of chunks) splitter.push(chunk);
  return frames;
}

function asRead(bytes: Buffer): Frames {
  const frames: Frames = [];
  new FrameReader((type, chunk, start, end) =>
    frames.push([type, chunk.subarray(start, end).toString('hex')]),
  ).push(bytes);
  return frames;
}

test('the golden vectors come out as from the reader of chapter 1: whole, byte by byte, cut anywhere', () => {
  const expected = asRead(GOLDEN);
  assert.ok(expected.length > 40, `${expected.length} vectors`);
  assert.equal(asSplit([GOLDEN]), expected, 'whole');
  assert.equal(asSplit([...GOLDEN].map((byte) => Uint8Array.of(byte))), expected, 'byte by byte');
  for (let i = 1; i < GOLDEN.length; i++) {
    assert.equal(asSplit([GOLDEN.subarray(0, i), GOLDEN.subarray(i)]), expected, `cut at ${i}`);
  }
  const random = seeded(5);
  for (let run = 0; run < 200; run++) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < GOLDEN.length; ) {
      const end = Math.min(GOLDEN.length, at + 1 + Math.floor(random() * 60));
      chunks.push(GOLDEN.subarray(at, end));
      at = end;
    }
    assert.equal(asSplit(chunks), expected, `random cuts, run ${run}`);
  }
});

test('a size above the limit, and one of 0, are refused before there is memory for it', () => {
  const huge = [Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1)];
  assert.throws(
    () => asSplit(huge),
    (error: Error & { code?: string }) => error.code === 'TOO_LARGE',
    'too large',
  );
  const none = [Uint8Array.of(0, 0, 0, 0), Uint8Array.of(1)];
  assert.throws(
    () => asSplit(none),
    (error: Error & { code?: string }) => error.code === 'BAD_FRAME',
    'of 0',
  );
});

test.run();
