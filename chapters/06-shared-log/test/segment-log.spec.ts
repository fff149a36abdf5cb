import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Cursor, MAX_SEGMENT_BYTES, MIN_SEGMENT_BYTES, type Segment, type SegmentLog } from '#log';
import { append, appendFrame, decode, lines, makeLog, messages, readAll, records } from './support.ts';

function segments(log: SegmentLog): Segment[] {
  const all = [log.head];
  for (let next = log.head.next; next !== undefined; next = next.next) all.push(next);
  return all;
}

/** Everything that is sealed and kept, in lines. */
function sealed(log: SegmentLog): string[] {
  return segments(log).flatMap((segment) => lines(decode(segment.bytes.subarray(0, segment.sealed))));
}

/** Fills a log with frames of one record of so many bytes, and seals each. */
function fill(log: SegmentLog, from: number, to: number, size: number): void {
  for (let time = from; time <= to; time++) appendFrame(log, time, `${time}`.padEnd(size, '.'));
}

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

test('publishing does not look at what is kept', () => {
  const log = makeLog();
  fill(log, 1, 1_000, 500);
  const { head, tail } = log;
  assert.ok(head.next !== tail, 'there are too few segments for this test');
  Object.defineProperty(head, 'next', { get: () => assert.unreachable('the log was walked over') });
  fill(log, 1_001, 1_100, 500);
  assert.is(log.lastId, 1_100, 'published all the same');
});

test('by age: segments that are too old as a whole go, the last one too', () => {
  const log = makeLog();
  fill(log, 1, 3_000, 100);
  const before = log.bytes;
  log.expire(2_990);
  assert.is(log.firstId, 2_991, 'the oldest id');
  assert.is(log.head, log.tail, 'only the segment that is written to stays');
  assert.ok(log.bytes < before / 2, `${log.bytes} bytes of ${before} are kept`);
  log.expire(3_000);
  assert.is(log.bytes, 0, 'bytes that nobody can have any more');
  assert.is(log.tail.bytes.length, 0, 'memory that nobody needs');
  fill(log, 3_001, 3_001, 10);
  assert.is(log.lastId, 3_001, 'it goes on');
});

test('an open frame survives whatever is let go', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  append(log, 1, 'old');
  log.seal();
  append(log, 2, 'open');
  log.expire(100);
  log.collect();
  log.roll();
  log.seal();
  assert.is(readAll(cursor).at(-1), '2-2 open', 'the open frame was lost');
});

test('by bytes: the oldest segments go; the limit is kept to within one segment', () => {
  for (const maxRetainedBytes of [20_000, 1_000_000]) {
    const log = makeLog({ maxRetainedBytes });
    for (let i = 1; i <= 5_000; i++) {
      fill(log, i, i, 1_000);
      log.expire(0);
      const most = maxRetainedBytes + Math.max(MIN_SEGMENT_BYTES, maxRetainedBytes / 4);
      assert.ok(log.bytes <= most, `${log.bytes} bytes, where ${maxRetainedBytes} are the limit`);
    }
    assert.ok(log.bytes >= maxRetainedBytes / 2, `only ${log.bytes} bytes of ${maxRetainedBytes} are kept`);
    const [first] = messages(readAll(new Cursor(log, log.firstId)));
    assert.is(Number.parseInt(first ?? '', 10), log.firstId, 'the oldest id is there');
  }
});

test('collect: segments before the first reader go, and no others', () => {
  const log = makeLog();
  const [quick, slow] = [new Cursor(log, 1), new Cursor(log, 1)];
  for (let i = 1; i <= 200; i++) {
    fill(log, i, i, 200);
    log.collect();
  }
  assert.is(log.bytes, log.end, 'both stand at the beginning');
  quick.moveTo(150);
  log.collect();
  assert.is(log.bytes, log.end, 'one stands at the beginning');
  slow.moveTo(100);
  log.collect();
  assert.ok(log.bytes < log.end, 'nothing was let go');
  assert.is(log.head, slow.segment, 'the segment of the slow one is the oldest');
  assert.ok(log.firstId <= 100, `the oldest id is ${log.firstId}, and a reader stands at 100`);
  slow.leave();
  quick.leave();
  log.collect();
  assert.is(log.bytes, 0, 'nobody reads, and bytes are kept');
});

test('memory is given back when every reader has left it, once, and never while a slice of it is lent', () => {
  for (const lent of [false, true]) {
    const given: Buffer[] = [];
    const give = (segment: Segment) => {
      if (!segment.lent && segment.bytes.length > 0) given.push(segment.bytes);
    };
    const log = makeLog({ memory: { take: Buffer.allocUnsafeSlow, give } });
    const [quick, slow] = [new Cursor(log, 1), new Cursor(log, 1)];
    const held = new Set<Buffer>();
    for (let i = 1; i <= 100; i++) {
      fill(log, i, i, 500);
      held.add(log.tail.bytes);
      readAll(quick);
      if (lent) quick.segment.lent = true;
      log.collect();
      assert.is(given.length, 0, 'a reader stands in the oldest segment');
    }
    slow.moveTo(60);
    log.collect();
    assert.is(given.length > 0, !lent, lent ? 'memory that a socket holds' : 'memory that nobody holds');
    for (const bytes of given) {
      assert.ok(bytes !== slow.segment.bytes && bytes.length > 0, 'memory that a reader stands in');
      assert.ok(held.delete(bytes), 'given back twice, or never taken');
    }
    const expected = Array.from({ length: 41 }, (_, i) => 60 + i);
    const found = messages(readAll(slow)).map((line) => Number.parseInt(line, 10));
    assert.equal(found, expected, 'the slow one reads on');
  }
});

test('a segment that was let go keeps alive none that came after it, whoever stands there', () => {
  const log = makeLog({ maxRetainedBytes: 20_000 });
  const cursors = [new Cursor(log, 1), new Cursor(log, 1)] as const;
  const early = log.head;
  fill(log, 1, 5, 500);
  readAll(cursors[1]);
  const old = cursors[1].segment;
  fill(log, 6, 200, 500);
  log.expire(0);
  assert.is(cursors[0].segment, early, 'a cursor was moved by somebody else');
  assert.is(early.bytes.length, 0, 'the memory of a segment hangs on a cursor');
  assert.is(early.next, undefined, 'the chain of segments hangs on a cursor');
  assert.is(old.next, undefined, 'the chain of segments hangs on a cursor in the middle');
  for (const cursor of cursors) {
    const [first] = messages(readAll(cursor));
    assert.is(Number.parseInt(first ?? '', 10), log.firstId, 'it goes on with the oldest that is kept');
  }
});

test('one that has read all of a segment that goes then finds what comes after it', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  appendFrame(log, 1, 'a');
  readAll(cursor);
  log.drop(1);
  assert.is(cursor.read(), undefined, 'there is nothing to read');
  appendFrame(log, 2, 'b');
  assert.equal(readAll(cursor), ['2-2 b'], 'what came after');
});

test('drop: everything up to an id goes, and what is open is kept', () => {
  const log = makeLog();
  fill(log, 1, 100, 500);
  const cursor = new Cursor(log, 1);
  append(log, 101, 'open');
  log.drop(60);
  assert.is(log.firstId, 61, 'the oldest id');
  assert.is(messages(readAll(cursor)).length, 41, 'messages that are left');
  append(log, 102, 'again');
  log.drop(Number.MAX_SAFE_INTEGER);
  assert.is(log.firstId, log.lastId + 1, 'the oldest id when nothing is left');
  assert.is(log.bytes, 0, 'bytes that are left');
  assert.equal(readAll(cursor), [], 'messages that nobody can have');
  appendFrame(log, 103, 'new');
  assert.equal(readAll(cursor), ['103-103 new'], 'it goes on');
});

test('roll: a quiet log keeps no bytes, as soon as those who stand in it have moved on', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  fill(log, 1, 1, 10);
  readAll(cursor);
  log.collect();
  append(log, 2, 'b');
  log.roll();
  assert.is(log.head, log.tail, 'not in the middle of a frame');
  log.seal();
  log.roll();
  assert.is(messages(readAll(cursor))[0], '2 b', 'what was there before');
  log.collect();
  assert.is(log.bytes, 0, 'bytes that all have read');
  assert.is(log.head.bytes.length, 0, 'memory that nobody needs');
  assert.is(log.firstId, 3, 'the oldest id');
  const { head } = log;
  log.roll();
  log.collect();
  assert.is(log.head, head, 'there is nothing to roll');
  fill(log, 3, 3, 10);
  assert.is(messages(readAll(cursor)).length, 1, 'what came afterwards');
});

test('roll: with older segments it does nothing, so that a slow reader does not make it one for each sweep', () => {
  const log = makeLog();
  new Cursor(log, 1);
  fill(log, 1, 30, 500);
  const before = segments(log).length;
  log.roll();
  assert.is(segments(log).length, before, 'segments');
});

test('every kept id is found where it lies, whatever was appended and sealed', () => {
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ append: fc.integer({ min: 1, max: 30 }), size: fc.nat({ max: 60 }) }),
    },
    { weight: 2, arbitrary: fc.constant('seal' as const) },
    { weight: 1, arbitrary: fc.constant('expire' as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const log = makeLog({ maxFrameSize: 2_000, maxRetainedBytes: 30_000 });
      let now = 0;
      for (const each of steps) {
        now++;
        if (each === 'seal') log.seal();
        else if (each === 'expire') log.expire(now - 10);
        else
          for (let i = 0; i < each.append; i++) append(log, now, `${log.lastId + 1}`.padEnd(each.size, '.'));
      }
      log.seal();
      for (let id = log.firstId; id <= log.sealedId; id++) {
        const [text = ''] = messages(lines(decode(new Cursor(log, id).read(1) ?? Buffer.alloc(0))));
        assert.is(Number.parseInt(text.split(' ')[1] ?? '', 10), id, `the record of id ${id}`);
      }
    }),
    { numRuns: 200 },
  );
});

function isOptionError(error: Error): boolean {
  return 'code' in error && error.code === 'BAD_OPTION';
}

test.run();
