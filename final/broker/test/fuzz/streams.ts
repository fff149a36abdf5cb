/** Streams of bytes that a client could send: good frames made by the wire's own table, golden vectors, and both of them spoilt. */
import fc from 'fast-check';
import { CLIENT_FRAMES, type ClientFrame, clientCodec, type FieldName } from '#protocol';
import { fromHex, helloHex } from '../../../../chapters/04-full-protocol/test/golden-vectors.ts';
import { anyStream } from '../../../../chapters/04-full-protocol/test/random-streams.ts';

/** How a stream is cut into chunks. */
export type Cuts = readonly number[];

/** Names that mean something to a broker, few enough that frames meet. */
const TOPICS = ['a', 'a', 'a.b', 'a.c', 'b', '_inbox.x', '_inbox.y', '$sys.status', '$sys.topics', '$x'];
const PATTERNS = ['>', 'a.*', '*', 'a.>', '_inbox.*', '_inbox.>', '$sys.*', '*.b'];
const ODD_NAMES = ['', '.', 'a.', '..', '__proto__', 'a\0b', 'ключ', 'x'.repeat(255), '*.>.a', '>.*'];

const name = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...TOPICS) },
  { weight: 4, arbitrary: fc.constantFrom(...PATTERNS) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_NAMES) },
);
const number = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(1000, 60_000, 2 ** 32 - 1) },
);
const record = fc.record({
  key: fc.constantFrom('', '', 'k', 'l', '?_inbox.x#1', '\xff'.repeat(128), 'x'.repeat(129)),
  payload: fc.constantFrom('', 'one', 'two', 'x'.repeat(3000)).map((text) => Buffer.from(text)),
});
const records = fc.array(record, { maxLength: 4 });

/** Values of the fields whose names mean more than their form. */
const BY_NAME: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  topic: name,
  group: fc.constantFrom('', '', '', 'g', 'h'),
  start: fc.constantFrom(0, 1, 1, 2, 3),
  token: fc.constant(''),
};
const BY_FORM: Readonly<Record<FieldName, fc.Arbitrary<unknown>>> = {
  version: fc.constant(1),
  u8: fc.nat({ max: 4 }),
  u16: fc.constantFrom(0, 0, 1, 2, 10, 65_535),
  u32: number,
  u64: fc.oneof(number, fc.constant(Number.MAX_SAFE_INTEGER)),
  text8: name,
  text16: name,
  ping: fc.constantFrom('', 'ping', 'p'.repeat(64)).map((text) => Buffer.from(text)),
  records,
};

/** Frames that end the conversation, or say nothing. */
const RARE = new Set(['HELLO', 'CLOSE', 'PONG', 'PING']);

/** A frame that keeps to the layout, of any type that the table has. */
export const anyFrame: fc.Arbitrary<ClientFrame> = fc.oneof(
  ...Object.entries(CLIENT_FRAMES).map(([type, { fields }]) => {
    const values = Object.entries(fields).map(([field, form]) => [field, BY_NAME[field] ?? BY_FORM[form]]);
    const arbitrary = fc.record({ type: fc.constant(type), ...Object.fromEntries(values) });
    return { weight: RARE.has(type) ? 1 : 6, arbitrary };
  }),
) as fc.Arbitrary<ClientFrame>;

const goodFrames = fc
  .array(anyFrame, { minLength: 1, maxLength: 30 })
  .map((frames) => Buffer.concat(frames.map((frame) => clientCodec.encode(frame))));

/** One byte of it is another one: often the stream goes on in order, and means something else. */
const spoilt = fc.tuple(goodFrames, fc.nat(), fc.nat({ max: 255 })).map(([bytes, at, value]) => {
  const copy = Buffer.from(bytes);
  copy[at % copy.length] = value;
  return copy;
});

/** A whole stream: most of them begin with HELLO, as nothing much happens to the others. */
export const anyClientStream: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.oneof(
      { weight: 9, arbitrary: fc.constant(fromHex(helloHex)) },
      { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) },
    ),
    fc.array(fc.oneof({ weight: 3, arbitrary: goodFrames }, spoilt, anyStream('client')), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([hello, rest]) => Buffer.concat([hello, ...rest]));

/** Sizes of chunks, the rest being one more. */
export const anyCuts: fc.Arbitrary<Cuts> = fc.array(fc.oneof(fc.nat({ max: 6 }), fc.nat({ max: 400 })), {
  maxLength: 12,
});
