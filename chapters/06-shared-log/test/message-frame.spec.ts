import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { frameEnd, MessageFrames, recordsEnd } from '#log';
import { brokerCodec } from '#protocol';
import { decode, lines, records, wireRecords } from './support.ts';

const TOPIC = 'häse';
/** Made anew in each test: what is not right in it is then told by a test. */
const frames = () => new MessageFrames(TOPIC);

/** A frame of three records, in the middle of other bytes. */
function build(firstId: number): { bytes: Buffer; at: number; end: number } {
  const body = records('one', ['key', ''], 'three');
  const at = 7;
  const bytes = Buffer.alloc(200, 0xaa);
  const end = at + frames().headerSize + body.length;
  body.copy(bytes, at + frames().headerSize);
  frames().write(bytes, at, end, firstId, 3);
  return { bytes, at, end };
}

for (const firstId of [1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 10]) {
  test(`what is written in place is what the table of the wire says, first id ${firstId}`, () => {
    const { bytes, at, end } = build(firstId);
    const content = wireRecords(['one', ['key', ''], 'three']);
    const expected = brokerCodec.encode({ type: 'MESSAGES', topic: TOPIC, firstId, records: content });
    assert.is(bytes.toString('hex', at, end), Buffer.from(expected).toString('hex'), 'the frame');
    assert.is(bytes[at - 1], 0xaa, 'the byte before it');
    assert.is(bytes[end], 0xaa, 'the byte after it');
  });

  test(`it is read back in place, first id ${firstId}`, () => {
    const { bytes, at, end } = build(firstId);
    assert.is(frameEnd(bytes, at), end, 'its end');
    assert.is(frames().firstId(bytes, at), firstId, 'its first id');
    assert.is(frames().lastId(bytes, at), firstId + 2, 'its last id');
    const first = at + frames().headerSize;
    assert.is(recordsEnd(bytes, first, 0), first, 'the end of no record');
    assert.is(recordsEnd(bytes, first, 1), first + 9, 'the end of one');
    assert.is(recordsEnd(bytes, first, 3), end, 'the end of all');
  });
}

test('some of its records are a frame of their own, which does not point into the log', () => {
  const { bytes, at, end } = build(5);
  const second = recordsEnd(bytes, at + frames().headerSize, 1);
  const cut = frames().cut(bytes, second, end, 6, 2);
  bytes.fill(0);
  assert.equal(lines(decode(cut)), ['6-7  three'], 'the frame');
});

test('a name is known by its bytes', () => {
  const name = Buffer.from(`x${TOPIC}x`);
  assert.is(frames().isTopic(name, 1, name.length - 1), true, 'its own name');
  assert.is(frames().isTopic(name, 1, name.length - 2), false, 'a byte less');
  assert.is(frames().isTopic(name, 1, name.length), false, 'a byte more');
  assert.is(frames().isTopic(Buffer.from('hase.'), 0, 5), false, 'another of the same length');
});

test.run();
