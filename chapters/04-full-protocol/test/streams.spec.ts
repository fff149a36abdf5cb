/** Random streams against the decoder: whatever comes, it is a frame or a typed error, never anything else. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameReader, LeveretError } from '#framing';
import { brokerCodec, type ClientFrame, checkRequest, clientCodec, describeFrame } from '#protocol';
import { rounds } from './patience.ts';
import { anyStream, cutAt } from './random-streams.ts';

const RUNS = rounds(10_000);

/** Everything that a stream does, as text; throws what is not a typed error. */
function effects(from: 'client' | 'broker', pieces: readonly Buffer[]): string[] {
  const seen: string[] = [];
  const reader = new FrameReader(
    (type, bytes, start, end) => {
      const codec = from === 'client' ? clientCodec : brokerCodec;
      const frame = codec.decode(type, bytes, start, end);
      seen.push(describeFrame(frame));
      if (from === 'client')
        checkRequest(frame as ClientFrame, { maxTopicBytes: 255, maxFrameSize: 1_048_576 });
    },
    { limit: 65_536 },
  );
  try {
    for (const piece of pieces) reader.push(piece);
    reader.end();
  } catch (error) {
    if (!(error instanceof LeveretError)) throw error;
    seen.push(error.code);
  }
  return seen;
}

const streams = suite('random streams');

for (const from of ['client', 'broker'] as const) {
  streams(`${RUNS} of a ${from} never crash the decoder, and mean the same however they are cut`, () => {
    fc.assert(
      fc.property(anyStream(from), fc.array(fc.nat(400), { maxLength: 8 }), (stream, cuts) => {
        assert.equal(effects(from, cutAt(stream, cuts)), effects(from, [stream]));
      }),
      { numRuns: RUNS, seed: 4 },
    );
  });
}

streams('the streams are worth it: they reach every frame and every error', () => {
  const reached = new Set<string>();
  for (const stream of fc.sample(anyStream('client'), { numRuns: 5_000, seed: 4 })) {
    for (const effect of effects('client', [stream])) reached.add(effect.split(' ')[0] ?? '');
  }
  for (const name of [
    'HELLO',
    'CREATE',
    'PUBLISH',
    'SUBSCRIBE',
    'UNSUBSCRIBE',
    'COMMIT',
    'PING',
    'LAG',
    'CLOSE',
    'PONG',
  ]) {
    assert.ok(reached.has(name), `no stream reaches ${name}`);
  }
  const errors = ['BAD_FRAME', 'TOO_LARGE', 'UNKNOWN_TYPE', 'BAD_VERSION', 'BAD_TEXT', 'TRUNCATED'];
  for (const name of [...errors, 'BAD_TOPIC', 'BAD_REQUEST', 'BAD_KEY', 'UNSUPPORTED']) {
    assert.ok(reached.has(name), `no stream reaches ${name}`);
  }
});

streams.run();
