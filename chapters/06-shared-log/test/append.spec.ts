/** Step by step into the log of segments: what is appended and sealed. Nobody reads it here but the test. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MAX_SEGMENT_BYTES, MIN_SEGMENT_BYTES } from '#log';
import {
  append,
  appendFrame,
  decode,
  fill,
  isSame,
  lines,
  makeLog,
  messages,
  records,
  sealed,
  segments,
} from './support.ts';

test('nothing can be read before the seal, and an empty frame is never made', () => {
  const log = makeLog();
  assert.is(append(log, 1, 'a', 'b'), 1, 'the first id');
  assert.is(append(log, 1, 'c'), 3, 'the id after two records');
  assert.equal([log.lastId, log.sealedId, log.end], [3, 0, 0], 'last id, sealed id and end before the seal');
  log.seal();
  assert.equal(sealed(log), ['1-3 a b c'], 'one frame of all that was appended');
  assert.equal([log.lastId, log.sealedId], [3, 3], 'last id and sealed id');
  const { end } = log;
  assert.is(end, log.tail.sealed, 'the end of the log');
  log.seal();
  assert.is(log.end, end, 'an empty frame was made');
});

test('records are copied, of any size', () => {
  const log = makeLog();
  for (const size of [0, 1, 7, 15, 16, 17, 100, 153, 154, 155, 161, 1_000, 10_000]) {
    const text = Array.from({ length: size }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
    const source = Buffer.concat([Buffer.alloc(3, 0xff), records(text), Buffer.alloc(3, 0xff)]);
    log.append(source, 3, source.length - 3, 1, 1);
    log.seal();
    source.fill(0);
    assert.is(sealed(log).at(-1)?.split(' ')[1], text, `${size} bytes`);
  }
});

test('a frame keeps to its limit', () => {
  const log = makeLog({ maxFrameSize: 200 });
  for (let i = 0; i < 40; i++) append(log, 1, `message-${i}`);
  log.seal();
  const found: string[] = [];
  for (const segment of segments(log)) {
    for (let at = 0; at < segment.sealed; ) {
      const size = segment.bytes.readUInt32BE(at);
      assert.ok(size <= 200, `a frame of ${size} bytes, where 200 are the most`);
      found.push(...lines(decode(segment.bytes.subarray(at, at + 4 + size))));
      at += 4 + size;
    }
  }
  assert.ok(found.length >= 4, `${found.length} frames: the limit was not reached`);
  const expected = Array.from({ length: 40 }, (_, i) => `${i + 1} message-${i}`);
  assert.equal(messages(found), expected, 'nothing is lost between two frames');
});

test('what is larger than any frame is refused, and nothing changes', () => {
  const log = makeLog({ maxFrameSize: 200 });
  append(log, 1, 'a');
  const exact = records('x'.repeat(log.maxRecordBytes - 6));
  const large = records('x'.repeat(log.maxRecordBytes - 5));
  assert.throws(() => log.append(large, 0, large.length, 1, 1), isOptionError, 'it was taken');
  assert.is(log.lastId, 1, 'it got an id');
  assert.is(log.append(exact, 0, exact.length, 1, 1), 2, 'one byte less fits');
  log.seal();
  assert.is(sealed(log).length, 2, 'two frames');
});

test('a frame counts at most 65,535 records', () => {
  const empty = Buffer.alloc(6);
  const many = Buffer.concat(Array.from({ length: 65_536 }, () => empty));
  const log = makeLog();
  assert.throws(
    () => log.append(many, 0, many.length, 65_536, 1),
    isOptionError,
    'a frame cannot count them',
  );
  log.append(many, 0, many.length - 6, 65_535, 1);
  log.append(empty, 0, 6, 1, 1);
  log.append(many, 0, 40_000 * 6, 40_000, 1);
  log.append(many, 0, 40_000 * 6, 40_000, 1);
  log.seal();
  const counts = segments(log).flatMap((s) => decode(s.bytes.subarray(0, s.sealed)));
  assert.equal(
    counts.map((frame) => 'records' in frame && frame.records.length),
    [65_535, 40_001, 40_000],
    'records in the frames',
  );
  assert.is(log.sealedId, 145_536, 'every record has an id');
});

test('segments start small, double up to a mebibyte, and hold the log without a gap', () => {
  const log = makeLog();
  fill(log, 1, 4_000, 1_000);
  const all = segments(log).slice(1);
  assert.is(segments(log)[0]?.bytes.length, 0, 'an empty log holds memory');
  for (const [i, { bytes }] of all.entries()) {
    const before = all[i - 1]?.bytes.length ?? MIN_SEGMENT_BYTES / 2;
    assert.is(bytes.length, Math.min(MAX_SEGMENT_BYTES, before * 2), `segment ${i}`);
  }
  assert.is(all.at(-1)?.bytes.length, MAX_SEGMENT_BYTES, 'the largest');
  let end = 0;
  for (const segment of all) {
    assert.is(segment.base, end, 'a segment begins where the one before it ends');
    end = segment.base + segment.sealed;
  }
  assert.is(end, log.end, 'the end of the log');
  assert.is(log.bytes, log.end, 'all of it is kept');
});

test('memory is asked for first; what it has not got, the log allocates', () => {
  const asked: number[] = [];
  const piece = Buffer.alloc(MIN_SEGMENT_BYTES);
  const take = (size: number) => (asked.push(size) === 1 ? piece : undefined);
  const log = makeLog({ memory: { take, give: () => undefined } });
  appendFrame(log, 1, 'a');
  isSame(log.tail.bytes, piece, 'the first segment lies elsewhere');
  fill(log, 2, 10, 1_000);
  assert.equal(asked, [MIN_SEGMENT_BYTES, 2 * MIN_SEGMENT_BYTES], 'what it asked for');
  assert.is(log.sealedId, 10, 'it went on with memory of its own');
});

test('publishing does not look at what is kept', () => {
  const log = makeLog();
  fill(log, 1, 1_000, 500);
  const { head, tail } = log;
  assert.ok(head.next !== tail, 'there are too few segments for this test');
  Object.defineProperty(head, 'next', { get: () => assert.unreachable('the log was walked over') });
  fill(log, 1_001, 1_100, 500);
  assert.is(log.lastId, 1_100, 'published all the same');
});

function isOptionError(error: Error): boolean {
  return 'code' in error && error.code === 'BAD_OPTION';
}

test.run();
