import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  closeHeader,
  cutFrame,
  frameCount,
  frameEnd,
  frameFirstId,
  messagesHeaderSize,
  openHeader,
  recordEnd,
  skipRecords,
} from '#log';
import { BrokerType, encodeBrokerFrame } from '#protocol/old';
import { decode, lines, records } from './support.ts';

const TOPIC = Buffer.from('häse');
const LARGE_ID = 2 ** 53 - 10;

/** A frame of three records, at an odd offset. */
function build(firstId: number): { bytes: Buffer; at: number; end: number } {
  const body = records('one', ['key', ''], 'three');
  const at = 7;
  const bytes = Buffer.alloc(200, 0xaa);
  const from = openHeader(bytes, at, TOPIC, firstId);
  body.copy(bytes, from);
  const end = from + body.length;
  closeHeader(bytes, at, TOPIC.length, end, 3);
  return { bytes, at, end };
}

for (const firstId of [1, 2 ** 32, LARGE_ID]) {
  test(`what is written in place is what the codec writes, first id ${firstId}`, () => {
    const { bytes, at, end } = build(firstId);
    const expected = encodeBrokerFrame({
      type: BrokerType.MESSAGES,
      topic: 'häse',
      firstId,
      records: [
        { key: '', payload: Buffer.from('one') },
        { key: 'key', payload: Buffer.alloc(0) },
        { key: '', payload: Buffer.from('three') },
      ],
    });
    assert.is(bytes.toString('hex', at, end), expected.toString('hex'));
    assert.is(bytes[at - 1], 0xaa);
    assert.is(bytes[end], 0xaa);
  });

  test(`it is read back in place, first id ${firstId}`, () => {
    const { bytes, at, end } = build(firstId);
    assert.is(frameEnd(bytes, at), end);
    assert.is(frameFirstId(bytes, at, TOPIC.length), firstId);
    assert.is(frameCount(bytes, at, TOPIC.length), 3);
    const first = at + messagesHeaderSize(TOPIC.length);
    assert.is(recordEnd(bytes, first), first + 9);
    assert.is(skipRecords(bytes, first, 0), first);
    assert.is(skipRecords(bytes, first, 3), end);
  });
}

test('a frame of some records is a frame of its own', () => {
  const { bytes, at, end } = build(5);
  const second = recordEnd(bytes, at + messagesHeaderSize(TOPIC.length));
  const cut = cutFrame(bytes, TOPIC, 6, 2, second, end);
  assert.equal(lines(decode(cut)), ['6-7  three']);
  bytes.fill(0);
  assert.equal(lines(decode(cut)), ['6-7  three'], 'it does not point into the log');
});

test.run();
