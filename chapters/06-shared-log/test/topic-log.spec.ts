import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Cursor, MAX_SEGMENT_SIZE, MIN_SEGMENT_SIZE, type Segment, type TopicLog } from '#log';
import { append, decode, lines, makeLog, records } from './support.ts';

function segments(log: TopicLog): Segment[] {
  const all: Segment[] = [];
  for (let segment = log.head; segment !== undefined; segment = segment.next) all.push(segment);
  return all;
}

/** Everything that is sealed and kept, in lines. */
function sealed(log: TopicLog): string[] {
  return segments(log).flatMap((segment) => lines(decode(segment.bytes.subarray(0, segment.sealed))));
}

test('what is appended in one go is one frame, once it is sealed', () => {
  const log = makeLog();
  assert.is(append(log, 1, 'a', 'b'), 1);
  assert.is(append(log, 1, 'c'), 3);
  assert.equal(sealed(log), [], 'not before');
  assert.is(log.sealedId, 0);
  assert.is(log.lastId, 3);
  assert.is(log.seal(), true);
  assert.equal(sealed(log), ['1-3 a b c']);
  assert.is(log.sealedId, 3);
  assert.is(log.seal(), false, 'there is none open');
  append(log, 2, 'd');
  log.seal();
  assert.equal(sealed(log), ['1-3 a b c', '4-4 d']);
});

test('records are copied, of any size', () => {
  const log = makeLog();
  for (const size of [0, 1, 7, 15, 16, 17, 100, 153, 154, 155, 161, 1_000, 10_000]) {
    const text = Array.from({ length: size }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
    const source = Buffer.concat([Buffer.alloc(3, 0xff), records(text), Buffer.alloc(3, 0xff)]);
    log.append(source, 3, source.length - 3, 1, 1);
    log.seal();
    source.fill(0);
    assert.is(sealed(log).at(-1)?.split(' ')[1], text);
  }
});

test('a frame keeps to the limit, and a batch that is larger is divided', () => {
  const log = makeLog({ maxFrameSize: 200 });
  append(log, 1, ...Array.from({ length: 40 }, (_, i) => `message ${i}`));
  log.seal();
  const found: string[] = [];
  for (const segment of segments(log)) {
    for (let at = 0; at < segment.sealed; ) {
      const size = segment.bytes.readUInt32BE(at);
      assert.ok(size <= 200, `a frame of ${size} bytes`);
      found.push(...lines(decode(segment.bytes.subarray(at, at + 4 + size))));
      at += 4 + size;
    }
  }
  assert.ok(found.length >= 4);
  assert.equal(
    found.flatMap((line) => line.match(/message \d+/g) ?? []),
    Array.from({ length: 40 }, (_, i) => `message ${i}`),
  );
});

test('a frame counts at most 65,535 records', () => {
  const log = makeLog();
  const many = records(...Array.from({ length: 40_000 }, () => ''));
  log.append(many, 0, many.length, 40_000, 1);
  log.append(many, 0, many.length, 40_000, 1);
  log.seal();
  const counts = segments(log).flatMap((s) => decode(s.bytes.subarray(0, s.sealed)));
  assert.equal(
    counts.map((frame) => 'records' in frame && frame.records.length),
    [40_000, 40_000],
  );
});

test('segments start small, double up to a mebibyte, and hold the log without a gap', () => {
  const log = makeLog();
  for (let i = 0; i < 4_000; i++) {
    append(log, i, 'x'.repeat(1_000));
    log.seal();
  }
  const all = segments(log);
  assert.is(all[0]?.bytes.length, MIN_SEGMENT_SIZE);
  assert.is(Math.max(...all.map(({ bytes }) => bytes.length)), MAX_SEGMENT_SIZE);
  for (const [i, { bytes }] of all.entries()) {
    const before = all[i - 1]?.bytes.length ?? MIN_SEGMENT_SIZE / 2;
    assert.is(bytes.length, Math.min(MAX_SEGMENT_SIZE, before * 2));
  }
  let end = 0;
  let lastId = 0;
  for (const segment of all) {
    assert.is(segment.base, end);
    assert.is(segment.firstId, lastId + 1);
    end = segment.end;
    lastId = segment.lastId;
  }
  assert.is(end, log.end);
  assert.is(lastId, 4_000);
  assert.is(log.bytes, log.end);
});

test('publishing does not look at what is kept', () => {
  // The list of segments is cut in two behind the log's back: whoever walked over it would not come through.
  const log = makeLog();
  for (let i = 0; i < 1_000; i++) {
    append(log, i, 'x'.repeat(500));
    log.seal();
  }
  const { head, tail } = log;
  assert.ok(head !== undefined && head.next !== tail);
  Object.defineProperty(head, 'next', {
    get: () => assert.unreachable('the log was walked over'),
  });
  for (let i = 0; i < 100; i++) {
    append(log, 2_000 + i, 'y'.repeat(500));
    log.seal();
  }
  assert.is(log.lastId, 1_100);
});

test('ids are given out for what nobody wants, and nothing is kept', () => {
  const log = makeLog();
  append(log, 1, 'a');
  assert.is(log.discard(5), 2);
  assert.is(log.lastId, 6);
  assert.is(log.bytes, 0);
  assert.is(log.head, undefined);
  assert.is(log.firstId, 7);
});

test('by age: what is as old as the limit is gone, frame by frame; the rest is there', () => {
  const log = makeLog();
  for (let time = 1; time <= 10; time++) {
    append(log, time, `${time}a`, `${time}b`);
    log.seal();
  }
  log.expire(0);
  assert.is(log.firstId, 1);
  log.expire(3);
  assert.is(log.firstId, 7);
  log.expire(2);
  assert.is(log.firstId, 7, 'it never goes back');
  log.expire(10);
  assert.is(log.firstId, 21);
  assert.is(log.firstId, log.sealedId + 1);
});

test('by age: segments that are too old as a whole are let go', () => {
  const log = makeLog();
  for (let time = 1; time <= 3_000; time++) {
    append(log, time, 'x'.repeat(100));
    log.seal();
  }
  const before = log.bytes;
  log.expire(2_990);
  assert.is(log.firstId, 2_991);
  assert.is(log.head, log.tail, 'only the one that is written to stays');
  assert.ok(log.bytes < before / 2);
  append(log, 3_001, 'next');
  log.seal();
  assert.is(log.lastId, 3_001);
});

test('by bytes: the oldest segments go; the limit is kept to within one segment', () => {
  for (const maxRetainedBytes of [20_000, 1_000_000]) {
    const log = makeLog({ maxRetainedBytes });
    for (let i = 1; i <= 5_000; i++) {
      append(log, i, 'x'.repeat(1_000));
      log.seal();
      log.expire(0);
      assert.ok(log.bytes <= maxRetainedBytes + Math.max(MIN_SEGMENT_SIZE, maxRetainedBytes / 4));
    }
    assert.ok(log.bytes >= maxRetainedBytes / 2, `${log.bytes} bytes are kept`);
    assert.ok(log.firstId > 1);
    const first = log.find(log.firstId);
    assert.is(first, log.head);
  }
});

test('collect: segments before the first cursor go, and no others', () => {
  const log = makeLog();
  const [quick, slow] = [new Cursor(log, 1), new Cursor(log, 1)];
  for (let i = 1; i <= 200; i++) {
    append(log, i, 'x'.repeat(200));
    log.seal();
    log.collect();
  }
  assert.is(log.bytes, log.end, 'both stand at the beginning');
  quick.moveTo(150);
  log.collect();
  assert.is(log.bytes, log.end);
  slow.moveTo(100);
  log.collect();
  assert.ok(log.bytes < log.end);
  assert.is(log.head, slow.segment);
  slow.leave();
  quick.leave();
  log.collect();
  assert.is(log.head, log.tail);
});

test('bytes of large segments go round, but never while a slice of them may be on its way', () => {
  for (const lent of [false, true]) {
    const log = makeLog();
    const cursor = new Cursor(log, 1);
    const seen = new Map<Buffer, string>();
    let again = 0;
    for (let i = 1; i <= 12_000; i++) {
      append(log, i, `${i}`.padEnd(1_000, '.'));
      log.seal();
      const { tail } = log;
      assert.ok(tail !== undefined);
      tail.lent = lent;
      cursor.moveTo(log.sealedId + 1);
      const slice = seen.get(tail.bytes);
      if (slice === undefined) seen.set(tail.bytes, tail.bytes.toString('latin1', 0, 40));
      else if (slice !== tail.bytes.toString('latin1', 0, 40)) again++;
      log.collect();
    }
    assert.is(again > 0, !lent);
  }
});

test('let go: a quiet log keeps no bytes, and those who stand in it read on', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  append(log, 1, 'a');
  log.seal();
  log.letGo(0);
  assert.ok(log.bytes > 0, 'a cursor stands there that the caller does not know of');
  cursor.moveTo(2);
  append(log, 2, 'b');
  log.letGo(1);
  assert.ok(log.bytes > 0, 'not in the middle of a frame');
  log.seal();
  cursor.moveTo(3);
  log.letGo(1);
  assert.is(log.bytes, 0);
  assert.is(log.firstId, 3);
  assert.is(cursor.readable(), undefined);
  assert.is(cursor.lagBytes, 0);
  append(log, 3, 'c');
  log.seal();
  const segment = cursor.readable();
  assert.ok(segment);
  assert.equal(lines(decode(segment.slice(cursor.position))), ['3-3 c']);
  log.collect();
  assert.is(log.head, segment);
});

test('every kept id is found where it lies, whatever was appended and sealed', () => {
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ append: fc.integer({ min: 1, max: 30 }), size: fc.nat({ max: 400 }) }),
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
        else {
          const first = log.lastId + 1;
          const texts = Array.from({ length: each.append }, (_, i) => `${first + i}`.padEnd(each.size, '.'));
          assert.is(append(log, now, ...texts), first);
        }
      }
      log.seal();
      for (let id = log.firstId; id <= log.sealedId; id++) {
        const segment = log.find(id);
        assert.ok(segment);
        const at = log.frameOf(segment, id);
        const record = log.recordIn(segment, at, id);
        const start = record === 0 ? at + 17 : record;
        const end = start + 6 + segment.bytes.readUInt32BE(start + 2);
        assert.is(Number.parseInt(segment.bytes.toString('latin1', start + 6, end), 10), id);
      }
    }),
    { numRuns: 200 },
  );
});

test.run();
