/** What is read and laid out by hand says what the table says. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeText, toLatin1 } from '#framing';
import { type BrokerFrame, brokerCodec, ClientType, clientCodec, type FrameNamed } from '#protocol';
import { fromHex, toHex, vectors } from '../../../chapters/04-full-protocol/test/golden-vectors.ts';
import { browserPlatform } from '../browser-platform.ts';
import { BufferPool } from '../buffer-pool.ts';
import { Message } from '../message.ts';
import { type MessagesFrame, MessagesReader, skipRecord } from '../messages-reader.ts';
import { nodePlatform } from '../node-platform.ts';
import { Position } from '../position.ts';
import { PublishBatch } from '../publish-batch.ts';

type Messages = FrameNamed<BrokerFrame, 'MESSAGES'>;

const position = new Position('any', nodePlatform);

/** The frame as the table would have it. */
function asDecoded({ topic, firstId, count, bytes, at: start }: MessagesFrame): object {
  let at = start;
  const records = Array.from({ length: count }, (_, i) => {
    const { view, size } = new Message(position, firstId + i, bytes, at);
    const keySize = skipRecord(bytes, at) - at - 6 - size;
    const key = toLatin1(bytes.subarray(at + 6, at + 6 + keySize));
    at = skipRecord(bytes, at);
    return { key, payload: toHex(view) };
  });
  return { type: 'MESSAGES', topic, firstId, records };
}

function shown({ records, ...rest }: Messages): object {
  return { ...rest, records: records.map(({ key, payload }) => ({ key, payload: toHex(payload) })) };
}

const inPlace = suite('MESSAGES in place');

/** Any frame of MESSAGES, of few topics, so that names come again. */
const anyMessages: fc.Arbitrary<Messages> = fc.record({
  type: fc.constant('MESSAGES' as const),
  topic: fc.constantFrom('a', 'b', 'новости', '\ufeffa', ''),
  firstId: fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER - 5)),
  records: fc.array(
    fc.record({
      key: fc.uint8Array({ maxLength: 130 }).map(toLatin1),
      payload: fc.uint8Array({ maxLength: 40 }),
    }),
    { maxLength: 5 },
  ),
});

inPlace('the golden vectors say what the table says', () => {
  const reader = new MessagesReader();
  let seen = 0;
  for (const { from, frame, hex, name } of vectors) {
    if (from !== 'broker' || frame?.type !== 'MESSAGES') continue;
    seen++;
    const bytes = fromHex(hex);
    const decoded = brokerCodec.decode(bytes[4] as number, bytes, 5) as Messages;
    assert.equal(asDecoded(reader.read(bytes, 5, bytes.length)), shown(decoded), name);
  }
  assert.ok(seen >= 2, `${seen} vectors of MESSAGES`);
});

inPlace('any frames, one after the other, come out as they went, wherever they lie', () => {
  fc.assert(
    fc.property(fc.array(anyMessages, { maxLength: 4 }), fc.nat(9), (frames, before) => {
      const reader = new MessagesReader();
      for (const frame of frames) {
        const bytes = Buffer.concat([
          Buffer.alloc(before, 0xff),
          brokerCodec.encode(frame),
          Buffer.alloc(9, 0xff),
        ]);
        const read = reader.read(bytes, before + 5, bytes.length - 9);
        assert.equal(asDecoded(read), shown(frame), 'as it went');
      }
    }),
    { numRuns: 500 },
  );
});

inPlace('any bytes are taken or refused as by the table', () => {
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.tuple(anyMessages, fc.nat(200), fc.nat(255)).map(([frame, at, value]) => {
      const bytes = brokerCodec.encode(frame).slice(5);
      bytes[at % bytes.length] = value;
      return bytes;
    }),
  );
  const attempt = (read: () => object): object | undefined => {
    try {
      return read();
    } catch {
      return undefined;
    }
  };
  fc.assert(
    fc.property(body, (bytes) => {
      const wanted = attempt(() => {
        const frame = brokerCodec.decode(0x84, bytes) as Messages;
        if (frame.firstId + (frame.records.length - 1) > Number.MAX_SAFE_INTEGER)
          throw new Error('no such ids');
        return shown(frame);
      });
      const got = attempt(() => asDecoded(new MessagesReader().read(bytes, 0, bytes.length)));
      assert.equal(got, wanted, toHex(bytes));
    }),
    { numRuns: 5_000 },
  );
});

inPlace.run();

const layingOut = suite('PUBLISH laid out by hand');

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ minLength: 1_100, maxLength: 1_300 }),
);

for (const [where, platform] of [
  ['Node', nodePlatform],
  ['a browser', browserPlatform],
] as const) {
  layingOut(`in ${where} any batch is the frame that the table makes`, () => {
    const anyRecord = fc.record({
      key: fc.oneof(fc.constant(''), fc.string({ unit: 'grapheme', maxLength: 30 })),
      payload: fc.oneof(anyText, fc.uint8Array({ maxLength: 300 })),
    });
    const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text);
    fc.assert(
      fc.property(
        fc.constantFrom('a', 'новости', '\ufeffa'),
        fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 3 }),
        (topic, batches) => {
          const batch = new PublishBatch(topic, platform, new BufferPool(70_000, platform));
          for (const records of batches) {
            const whole = records.filter(
              ({ payload }) => typeof payload !== 'string' || isWellFormed(payload),
            );
            for (const { key, payload } of whole) batch.add(key, payload);
            if (whole.length === 0) continue;
            const bytes = batch.seal();
            PublishBatch.setRequest(bytes, 77);
            const wanted = clientCodec.encode({
              type: 'PUBLISH',
              request: 77,
              topic,
              records: whole.map(({ key, payload }) => ({
                key: toLatin1(encodeText(key)),
                payload: typeof payload === 'string' ? encodeText(payload) : payload,
              })),
            });
            assert.is(bytes[4], ClientType.PUBLISH, 'its type');
            assert.is(toHex(bytes), toHex(wanted), 'its bytes');
          }
        },
      ),
      { numRuns: 150 },
    );
  });
}

layingOut.run();
