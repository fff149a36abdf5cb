import fc from 'fast-check';
import { suite } from 'uvu';
import { FrameError, FrameReader } from '#framing';
import { collect, cutAt, frameBytes } from './frames.ts';

const random = suite('frame reader: random streams');

/** Streams that are pure noise, and such as begin well and then go wrong. */
const noise = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 24 }),
    fc
      .tuple(fc.integer({ min: 0, max: 40 }), fc.uint8Array({ maxLength: 24 }))
      .map(([size, rest]) => Buffer.concat([Buffer.of(0, 0, 0, size), rest])),
  ),
  { maxLength: 6 },
);

random('10,000 random streams raise a FrameError or nothing, and frames stay inside their chunk', () => {
  fc.assert(
    fc.property(noise, (chunks) => {
      const reader = new FrameReader(
        (type, bytes, start, end) => {
          if (!(type >= 0 && type <= 255)) throw new Error(`type ${type}`);
          if (!(start >= 0 && start <= end && end <= bytes.length)) throw new Error(`${start} to ${end}`);
          if (end - start > 31) throw new Error(`a body of ${end - start} under a limit of 32`);
        },
        { limit: 32 },
      );
      try {
        for (const chunk of chunks) reader.push(Buffer.from(chunk));
        reader.end();
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
      }
    }),
    { numRuns: 10_000 },
  );
});

random('valid streams give their frames, however they are cut', () => {
  const frames = fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 300 })), {
    maxLength: 8,
  });
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
  fc.assert(
    fc.property(frames, cuts, (wanted, places) => {
      const stream = Buffer.concat(wanted.map(([type, body]) => frameBytes(type, body)));
      const at = places.map((place) => Math.floor(place * stream.length)).sort((a, b) => a - b);
      const got = collect(cutAt(stream, ...at));
      const expected = wanted.map(([type, body]) => `${type}:${Buffer.from(body).toString('hex')}`);
      return got.length === expected.length && got.every((frame, index) => frame === expected[index]);
    }),
    { numRuns: 2_000 },
  );
});

random.run();
