import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameReader, LeveretError } from '#framing';
import {
  type BrokerFrame,
  BrokerType,
  ByteReader,
  ByteWriter,
  type ClientFrame,
  ClientType,
  checkRequest,
  checkTopic,
  decodeBrokerFrame,
  decodeClientFrame,
  encodeBrokerFrame,
  encodeClientFrame,
  hasPattern,
  ProtocolError,
} from '#protocol/old';
import { frameFromJson, fromHex, vectors } from './vectors.ts';

/** Decode whole frames of hexadecimal text, as the broker or client at the other end would. */
function decode(from: 'client' | 'broker', bytes: Buffer, limit = 1_048_576): (ClientFrame | BrokerFrame)[] {
  const frames: (ClientFrame | BrokerFrame)[] = [];
  const decodeFrame = from === 'client' ? decodeClientFrame : decodeBrokerFrame;
  const reader = new FrameReader(
    (type, body, start, end) => frames.push(decodeFrame(type, body, start, end)),
    { limit },
  );
  reader.push(bytes);
  reader.end();
  return frames;
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

const reader = suite('ByteReader');

reader('reads numbers, texts and views, and knows what remains', () => {
  const bytes = fromHex('ff 01 0203 04050607 0000000100000002 0568656c6c6f 0002c3bc aabb ccdd ff');
  const cursor = new ByteReader(bytes, 1, bytes.length - 1);
  assert.is(cursor.u8(), 1);
  assert.is(cursor.u16(), 0x0203);
  assert.is(cursor.u32(), 0x04050607);
  assert.is(cursor.u64(), 2 ** 32 + 2);
  assert.is(cursor.text8(), 'hello');
  assert.is(cursor.text16(), 'ü');
  assert.is(cursor.latin1(2), '\u00aa\u00bb');
  assert.is(cursor.remaining, 2);
  assert.is(cursor.rest().toString('hex'), 'ccdd');
  cursor.finish();
});

reader('never reads past its end, though the bytes go on', () => {
  const bytes = Buffer.alloc(16);
  for (const read of [
    (cursor: ByteReader) => cursor.u8(),
    (cursor: ByteReader) => cursor.u16(),
    (cursor: ByteReader) => cursor.u32(),
    (cursor: ByteReader) => cursor.u64(),
    (cursor: ByteReader) => cursor.text8(),
    (cursor: ByteReader) => cursor.text16(),
    (cursor: ByteReader) => cursor.latin1(1),
    (cursor: ByteReader) => cursor.view(1),
    (cursor: ByteReader) => cursor.take(1),
  ]) {
    assert.is(
      codeOf(() => read(new ByteReader(bytes, 4, 4))),
      'BAD_FRAME',
    );
  }
});

reader('hands out views, not copies', () => {
  const bytes = Buffer.from('abcd');
  const view = new ByteReader(bytes).view(2);
  bytes[0] = 0x7a;
  assert.is(view.toString(), 'zb');
});

reader('refuses bytes behind the last field', () => {
  assert.is(
    codeOf(() => new ByteReader(Buffer.alloc(1)).finish()),
    'BAD_FRAME',
  );
});

reader('decodes names strictly: names that differ in bytes never become one', () => {
  const texts = ['\u{feff}a', 'a', '\u{feff}', 'e\u0301', 'é', '\u{1f407}', '\u0000', 'plain ascii'];
  for (const text of texts) {
    assert.is(new ByteReader(Buffer.from(text)).text(Buffer.byteLength(text)), text);
  }
  for (const hex of ['ff', '80', 'c3', 'c0af', 'eda080', 'f4908080', '61c3', 'e28228']) {
    const bytes = fromHex(hex);
    assert.is(
      codeOf(() => new ByteReader(bytes).text(bytes.length)),
      'BAD_TEXT',
      hex,
    );
  }
});

reader.run();

const writer = suite('ByteWriter');

writer('grows when the expected size was too small', () => {
  const frame = new ByteWriter(0x42, 0)
    .u8(1)
    .u16(2)
    .u32(3)
    .u64(2 ** 53 - 1)
    .text8('hare')
    .text16('зайчик')
    .latin1('\u00ff')
    .bytes(Buffer.from('tail'))
    .finish();
  const body = '42 01 0002 00000003 001fffffffffffff 0468617265 000cd0b7d0b0d0b9d187d0b8d0ba ff 7461696c';
  const size = fromHex(body).length.toString(16).padStart(8, '0');
  assert.is(frame.toString('hex'), fromHex(`${size} ${body}`).toString('hex'));
});

writer('refuses what does not fit its field', () => {
  assert.throws(
    () => new ByteWriter(1).text8('ж'.repeat(128)),
    (e: Error) => e instanceof RangeError,
  );
  assert.throws(
    () => new ByteWriter(1).text16('x'.repeat(65_536)),
    (e: Error) => e instanceof RangeError,
  );
  assert.throws(
    () => new ByteWriter(1).u16(65_536),
    (e: Error) => e instanceof RangeError,
  );
  for (const id of [-1, 1.5, Number.NaN, 2 ** 53]) {
    assert.throws(
      () => new ByteWriter(1).u64(id),
      (e: Error) => e instanceof RangeError,
    );
  }
  // Half a surrogate pair would silently become U+FFFD, and two names one.
  assert.throws(
    () => new ByteWriter(1).text8('a\ud800'),
    (e: Error) => e instanceof RangeError,
  );
});

writer.run();

const decoding = suite('decoding');

decoding('payloads are views into the bytes given, keys are not', () => {
  const bytes = encodeClientFrame({
    type: ClientType.PUBLISH,
    request: 1,
    topic: 't',
    records: [{ key: 'key', payload: Buffer.from('payload') }],
  });
  const [frame] = decode('client', bytes);
  bytes.fill(0x7a);
  assert.ok(frame?.type === ClientType.PUBLISH);
  assert.equal(frame.records[0]?.key, 'key');
  assert.equal(frame.records[0]?.payload.toString(), 'zzzzzzz');
});

decoding('65,535 records pass; a count that cannot fit is refused at once', () => {
  const records = Array.from({ length: 65_535 }, () => ({ key: '', payload: Buffer.alloc(0) }));
  const bytes = encodeClientFrame({ type: ClientType.PUBLISH, request: 1, topic: 't', records });
  const [frame] = decode('client', bytes);
  assert.ok(frame?.type === ClientType.PUBLISH);
  assert.is(frame.records.length, 65_535);
  assert.is(
    codeOf(() => decodeClientFrame(ClientType.PUBLISH, fromHex('00000001 0174 ffff 000000000000'))),
    'BAD_FRAME',
  );
});

decoding('errors know their number, and whether they are fatal', () => {
  const error = new ProtocolError('BAD_TOPIC', 'why', { request: 7 });
  assert.equal(
    [error.code, error.wireCode, error.fatal, error.request, error.name],
    ['BAD_TOPIC', 16, false, 7, 'ProtocolError'],
  );
  assert.ok(new ProtocolError('BAD_FRAME', 'why').fatal);
  assert.not.ok(new ProtocolError('DENIED', 'why').fatal);
  assert.ok(new ProtocolError('DENIED', 'why', { fatal: true }).fatal);
});

decoding.run();

const checks = suite('checks of requests');

checks('a pattern is a token that is * or >', () => {
  for (const pattern of ['*', '>', 'a.*', '*.a', 'a.>', 'a.*.b', '>.a'])
    assert.ok(hasPattern(pattern), pattern);
  for (const name of ['a', 'a*', '*a.b', 'a.>>', 'a b', '.', '']) assert.not.ok(hasPattern(name), name);
});

checks('a name is measured in bytes, not in characters', () => {
  checkTopic('ж'.repeat(5), 0, 10);
  assert.is(
    codeOf(() => checkTopic('ж'.repeat(6), 0, 10)),
    'BAD_TOPIC',
  );
  assert.is(
    codeOf(() => checkTopic('', 0, 10)),
    'BAD_TOPIC',
  );
  assert.is(
    codeOf(() => checkTopic('a\0', 0, 10)),
    'BAD_TOPIC',
  );
});

checks('the error carries the number of the request', () => {
  const topic = 'x'.repeat(20);
  const records = [{ key: '', payload: Buffer.alloc(0) }];
  for (const frame of [
    { type: ClientType.CREATE, request: 5, topic, retentionMs: 0, dedupeMs: 0 },
    { type: ClientType.PUBLISH, request: 5, topic, records },
    { type: ClientType.SUBSCRIBE, request: 5, topic, start: 0, after: 0, window: 0, group: '' },
  ] as const) {
    checkRequest(frame);
    try {
      checkRequest(frame, { maxTopicBytes: 19 });
      assert.unreachable();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      assert.equal([error.code, error.request, error.fatal], ['BAD_TOPIC', 5, false]);
    }
  }
});

for (const vector of vectors) {
  const { error, frame, fatal } = vector;
  // What can be refused by the frame alone; the rest needs a broker's state.
  if (!['BAD_TOPIC', 'BAD_REQUEST', 'BAD_KEY', 'UNSUPPORTED'].includes(error ?? '') || frame === undefined)
    continue;
  checks(vector.name, () => {
    assert.not.ok(fatal);
    const whole = frameFromJson(vector.from, frame) as ClientFrame;
    assert.is(
      codeOf(() => checkRequest(whole)),
      error,
    );
  });
}

checks.run();

const sizes = suite('sizes');

sizes('a record must fit alone into a MESSAGES frame, to the byte', () => {
  const topic = 'заяц';
  const publish = (size: number) => ({
    type: ClientType.PUBLISH,
    request: 9,
    topic,
    records: [{ key: 'k', payload: Buffer.alloc(size) }],
  });
  // type, topic, firstId, count, record
  const overhead = 1 + 1 + 8 + 8 + 2 + 6 + 1;
  checkRequest(publish(1000 - overhead), { maxFrameSize: 1000 });
  const { records } = publish(1000 - overhead);
  const frame = encodeBrokerFrame({ type: BrokerType.MESSAGES, topic, firstId: 1, records });
  assert.is(frame.readUInt32BE(0), 1000);
  assert.is(
    codeOf(() => checkRequest(publish(1001 - overhead), { maxFrameSize: 1000 })),
    'BAD_REQUEST',
  );
});

sizes.run();
