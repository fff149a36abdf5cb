/** What a request is measured against once its frame has been read: names, keys, counts, sizes. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  brokerCodec,
  type ClientFrame,
  checkRequest,
  checkTopic,
  clientCodec,
  isPattern,
  MAX_RECORDS,
  toProtocolError,
} from '#protocol';
import { publish, subscribe } from './conversation-requests.ts';
import { frameFromJson, fromHex, vectors } from './golden-vectors.ts';

const limits = { maxTopicBytes: 255, maxFrameSize: 1_048_576 };

/** The code that an action is refused with; it must not be fatal, for the stream is in order. */
function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    const { code, fatal } = toProtocolError(error);
    assert.not.ok(fatal, `${code} ends the connection: ${error}`);
    return code;
  }
  return 'none';
}

const names = suite('names of topics');

names('a pattern is a token that is * or >', () => {
  for (const pattern of ['*', '>', 'a.*', '*.a', 'a.>', 'a.*.b', '>.a']) {
    assert.ok(isPattern(pattern), `${pattern} is one`);
  }
  for (const name of ['a', 'a*', '*a.b', 'a.>>', 'a b', '.', '']) {
    assert.not.ok(isPattern(name), `"${name}" is none`);
  }
});

names('are measured in bytes, not in characters', () => {
  assert.is(
    refusal(() => checkTopic('ж'.repeat(5), 10)),
    'none',
    '10 bytes of 10',
  );
  assert.is(
    refusal(() => checkTopic('ж'.repeat(6), 10)),
    'BAD_TOPIC',
    '12 bytes of 10',
  );
});

names('none, a NUL and a pattern are no names', () => {
  for (const name of ['', 'a\0', 'a.*']) {
    assert.is(
      refusal(() => checkTopic(name)),
      'BAD_TOPIC',
      JSON.stringify(name),
    );
  }
});

names('the limit holds for every request that can make a topic', () => {
  const topic = 'x'.repeat(20);
  const create = { type: 'CREATE', request: 5, topic, retentionMs: 0, dedupeMs: 0 } as const;
  for (const frame of [create, publish(5, topic, ''), subscribe(5, topic)]) {
    assert.is(
      refusal(() => checkRequest(frame, { ...limits, maxTopicBytes: 20 })),
      'none',
      `${frame.type} within it`,
    );
    assert.is(
      refusal(() => checkRequest(frame, { ...limits, maxTopicBytes: 19 })),
      'BAD_TOPIC',
      `${frame.type} beyond it`,
    );
  }
});

names.run();

const requests = suite('requests');

for (const { name, error, frame, fatal, needs } of vectors) {
  // What can be refused by the frame alone; the rest needs a broker's state.
  if (!['BAD_TOPIC', 'BAD_REQUEST', 'BAD_KEY', 'UNSUPPORTED'].includes(error ?? '')) continue;
  // DELETE, PURGE and INFO are refused, or served, by the broker.
  if (frame === undefined || needs === 'topics' || /^(DELETE|PURGE|INFO)$/.test(frame.type)) continue;
  requests(name, () => {
    assert.not.ok(fatal, 'the vector says that the connection stays');
    const whole = frameFromJson(frame) as ClientFrame;
    assert.is(
      refusal(() => checkRequest(whole, limits)),
      error,
      'the code of the vector',
    );
  });
}

requests('a record must fit alone into a MESSAGES frame, to the byte', () => {
  const topic = 'заяц';
  // type, topic, firstId, count, record
  const overhead = 1 + 1 + 8 + 8 + 2 + 6 + 1;
  const of = (size: number) => ({
    type: 'PUBLISH' as const,
    request: 9,
    topic,
    records: [{ key: 'k', payload: Buffer.alloc(size) }],
  });
  const check = (size: number) => refusal(() => checkRequest(of(size), { ...limits, maxFrameSize: 1_000 }));
  assert.is(check(1_000 - overhead), 'none', 'it fits');
  const { records } = of(1_000 - overhead);
  const frame = brokerCodec.encode({ type: 'MESSAGES', topic, firstId: 1, records });
  assert.is(Buffer.from(frame).readUInt32BE(0), 1_000, 'and fills the frame');
  assert.is(check(1_001 - overhead), 'BAD_REQUEST', 'one byte more');
});

requests('65,535 records come back; a count that cannot fit is refused before any is read', () => {
  const records = Array.from({ length: MAX_RECORDS }, () => ({ key: '', payload: Buffer.alloc(0) }));
  const bytes = clientCodec.encode({ type: 'PUBLISH', request: 1, topic: 't', records });
  const frame = clientCodec.decode(3, bytes, 5);
  assert.is(frame.type === 'PUBLISH' && frame.records.length, 65_535, 'all of them');
  assert.throws(
    () => clientCodec.decode(3, fromHex('00000001 0174 ffff 000000000000')),
    (error: { code: string }) => error.code === 'BAD_FRAME',
    '65,535 records in six bytes',
  );
});

requests.run();
