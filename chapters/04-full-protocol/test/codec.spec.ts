/** The codec against the golden vectors, and against any frame. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameReader, LeveretError, OptionError } from '#framing';
import {
  BROKER_FRAMES,
  type BrokerFrame,
  BrokerType,
  brokerCodec,
  CLIENT_FRAMES,
  type ClientFrame,
  ClientType,
  clientCodec,
  ErrorCode,
  type ErrorName,
  errorFrame,
  type FieldName,
  type FrameTable,
  ProtocolError,
  toProtocolError,
} from '#protocol';
import { frameFromJson, frameToJson, fromHex, toHex, vectors } from './golden-vectors.ts';
import { rounds } from './patience.ts';

const codecs = { client: clientCodec, broker: brokerCodec };

/** Decodes whole frames, as whoever is at the other end would. */
function decode(from: 'client' | 'broker', bytes: Buffer, limit = 1_048_576): (ClientFrame | BrokerFrame)[] {
  const frames: (ClientFrame | BrokerFrame)[] = [];
  const reader = new FrameReader((...frame) => frames.push(codecs[from].decode(...frame)), { limit });
  reader.push(bytes);
  reader.end();
  return frames;
}

function encode(from: 'client' | 'broker', frame: ClientFrame | BrokerFrame): Uint8Array {
  return from === 'client'
    ? clientCodec.encode(frame as ClientFrame)
    : brokerCodec.encode(frame as BrokerFrame);
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof LeveretError) return error.code;
    throw error;
  }
  return 'no error';
}

const golden = suite('golden vectors through the codec');

for (const { from, name, hex, frame, decodeOnly, decodes, state, error } of vectors) {
  const bytes = fromHex(hex);
  if (frame !== undefined) {
    golden(`${from}: ${name}`, () => {
      assert.equal(decode(from, bytes).map(frameToJson), [frame], 'decodes to the frame of the vector');
      if (decodeOnly) return;
      assert.is(
        toHex(encode(from, frameFromJson(frame))),
        toHex(bytes),
        'encodes to the bytes of the vector',
      );
    });
  } else if (!decodes) {
    golden(`${from}: ${name}`, () => {
      const code = codeOf(() => decode(from, bytes, state === 'new' ? 4096 : undefined));
      assert.is(code, error, 'is refused with the code of the vector');
    });
  }
}

golden('there is one for every type, both ways, and for every error that a frame can cause', () => {
  const decoded = vectors.filter((vector) => vector.frame !== undefined);
  const types = (from: string) => new Set(decoded.filter((v) => v.from === from).map((v) => v.frame?.type));
  assert.equal([...types('client')].sort(), Object.keys(ClientType).sort(), 'types of clients');
  assert.equal([...types('broker')].sort(), Object.keys(BrokerType).sort(), 'types of brokers');
  const errors = new Set(vectors.map((vector) => vector.error));
  // These are answers to a state of the broker, not to bytes.
  const others = ['TIMEOUT', 'DENIED', 'SLOW', 'FULL', 'SHUTDOWN', 'INTERNAL', 'LIMIT'];
  for (const name of Object.keys(ErrorCode)) {
    if (!others.includes(name)) assert.ok(errors.has(name as ErrorName), `no vector causes ${name}`);
  }
});

golden('every cut of a frame, and one byte more, is refused as a bad frame', () => {
  for (const { from, hex, frame, name } of vectors) {
    // All that is left of a PING is its bytes.
    if (frame === undefined || frame.type === 'PING' || frame.type === 'PONG') continue;
    const bytes = fromHex(hex);
    const refused = (body: Uint8Array) => codeOf(() => codecs[from].decode(bytes[4] as number, body));
    for (let end = 5; end < bytes.length; end++) {
      const code = refused(bytes.subarray(5, end));
      // A name that is cut in the middle of a character is seen first.
      assert.ok(code === 'BAD_FRAME' || code === 'BAD_TEXT', `${name}, cut at ${end}: ${code}`);
    }
    assert.is(
      refused(Buffer.concat([bytes.subarray(5), Buffer.of(0)])),
      'BAD_FRAME',
      `${name}, one byte more`,
    );
  }
});

golden.run();

const table = suite('the table of frames');

table('clients send types below 0x80, brokers from there on, each once', () => {
  const numbers = (rows: FrameTable) => Object.values(rows).map(({ type }) => type);
  assert.ok(
    numbers(CLIENT_FRAMES).every((type) => type < 0x80),
    'clients below 0x80',
  );
  assert.ok(
    numbers(BROKER_FRAMES).every((type) => type >= 0x80 && type <= 0xff),
    'brokers above',
  );
  for (const rows of [CLIENT_FRAMES, BROKER_FRAMES]) {
    assert.is(new Set(numbers(rows)).size, Object.keys(rows).length, 'no number twice');
  }
});

/** Any value of a kind of field. */
const VALUES: Record<FieldName, fc.Arbitrary<unknown>> = {
  u8: fc.nat(0xff),
  u16: fc.nat(0xffff),
  u32: fc.nat(0xffff_ffff),
  u64: fc.nat(Number.MAX_SAFE_INTEGER),
  text8: fc.string({ unit: 'grapheme', maxLength: 20 }),
  text16: fc.string({ unit: 'binary', maxLength: 300 }).filter((text) => !/\p{Surrogate}/u.test(text)),
  version: fc.constant(1),
  ping: fc.uint8Array({ maxLength: 64 }),
  records: fc.array(
    fc.record({
      key: fc.uint8Array({ maxLength: 130 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      payload: fc.uint8Array({ maxLength: 200 }),
    }),
    { maxLength: 6 },
  ),
};

for (const [from, rows] of [
  ['client', CLIENT_FRAMES],
  ['broker', BROKER_FRAMES],
] as const) {
  for (const [name, { fields }] of Object.entries(rows)) {
    table(`${from}: any ${name} comes back as it went`, () => {
      const values = Object.fromEntries(
        Object.entries(fields).map(([key, kind]) => [key, VALUES[kind as FieldName]]),
      );
      fc.assert(
        fc.property(fc.record(values), (frame) => {
          const whole = { type: name, ...frame } as unknown as ClientFrame | BrokerFrame;
          if (
            Object.entries(frame).some(
              ([, text]) => typeof text === 'string' && Buffer.byteLength(text) > 255,
            )
          )
            return;
          const bytes = Buffer.from(encode(from, whole));
          assert.equal(decode(from, bytes).map(frameToJson), [frameToJson(whole)], 'as it went');
        }),
        { numRuns: rounds(100) },
      );
    });
  }
}

table('any bytes decode, or are refused with a fatal error that has a number', () => {
  fc.assert(
    fc.property(fc.nat(0xff), fc.uint8Array({ maxLength: 80 }), (type, bytes) => {
      const codec = type < 0x80 ? clientCodec : brokerCodec;
      try {
        codec.decode(type, bytes);
      } catch (error) {
        const told = toProtocolError(error);
        assert.ok(told.fatal && told.code !== 'INTERNAL', `0x${type.toString(16)}: ${error}`);
      }
    }),
    { numRuns: rounds(20_000) },
  );
});

table('what does not fit its field is refused before anything is sent', () => {
  const ok = { type: 'OK' } as const;
  for (const request of [-1, 0.5, Number.NaN, 2 ** 32]) {
    assert.throws(
      () => brokerCodec.encode({ ...ok, request }),
      (error: Error) => error instanceof OptionError && error.message.includes(String(request)),
      `request ${request}`,
    );
  }
  const long = { type: 'COMMIT', topic: 'x'.repeat(256), id: 1 } as const;
  assert.throws(() => clientCodec.encode(long), /from 0 to 255, not 256/, 'a topic of 256 bytes');
  const half = { type: 'COMMIT', topic: 'a\ud800', id: 1 } as const;
  assert.throws(() => clientCodec.encode(half), /no UTF-8/, 'half of a surrogate pair');
});

table('payloads are views, keys are copies', () => {
  const frame = {
    type: 'PUBLISH',
    request: 1,
    topic: 't',
    records: [{ key: 'k', payload: Buffer.from('abc') }],
  } as const;
  const bytes = clientCodec.encode(frame);
  const decoded = clientCodec.decode(bytes[4] as number, bytes, 5);
  assert.ok(decoded.type === 'PUBLISH', decoded.type);
  bytes.fill(0x7a);
  const [record] = decoded.records;
  assert.is(record?.key, 'k', 'the key is a string of its own');
  assert.is(Buffer.from(record?.payload ?? []).toString(), 'zzz', 'the payload lies in the bytes');
});

table('an ERROR frame carries number, request and at most 1,000 characters', () => {
  const error = new ProtocolError('BAD_KEY', 'x'.repeat(5_000), { request: 3 });
  assert.equal(
    errorFrame(error),
    { type: 'ERROR', request: 3, code: 18, reason: 'x'.repeat(1_000) },
    'the frame',
  );
  assert.is(
    (errorFrame(error, 9) as { request?: number }).request,
    9,
    'the request may be told from outside',
  );
});

table('a type has its name', () => {
  assert.is(clientCodec.nameOf(0x03), 'PUBLISH', 'of a client');
  assert.is(brokerCodec.nameOf(0x84), 'MESSAGES', 'of a broker');
  assert.is(clientCodec.nameOf(0x84), undefined, 'that goes the other way');
});

table.run();
