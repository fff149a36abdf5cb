import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Cursor, MIN_SEGMENT_BYTES } from '#log';
import { testAge } from './log-suite.ts';
import {
  append,
  appendFrame,
  decode,
  fill,
  isSame,
  lines,
  makeLog,
  messages,
  readAll,
  SEGMENTS,
  segments,
} from './support.ts';

testAge(SEGMENTS);

test('by age: segments that are too old as a whole go, the last one too', () => {
  const log = makeLog();
  fill(log, 1, 3_000, 100);
  const before = log.bytes;
  log.expire(2_990);
  assert.is(log.firstId, 2_991, 'the oldest id');
  isSame(log.head, log.tail, 'only the segment that is written to stays');
  assert.ok(log.bytes < before / 2, `${log.bytes} bytes of ${before} are kept`);
  log.expire(3_000);
  assert.is(log.bytes, 0, 'bytes that nobody can have any more');
  assert.is(log.tail.bytes.length, 0, 'memory that nobody needs');
  fill(log, 3_001, 3_001, 10);
  assert.is(log.lastId, 3_001, 'it goes on');
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

test('an open frame survives whatever is too old', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  appendFrame(log, 1, 'old');
  append(log, 2, 'open');
  log.expire(100);
  log.roll();
  log.seal();
  assert.is(readAll(cursor).at(-1), '2-2 open', 'the open frame was lost');
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
  isSame(cursors[0].segment, early, 'a cursor was moved by somebody else');
  assert.is(early.bytes.length, 0, 'the memory of a segment hangs on a cursor');
  isSame(early.next, undefined, 'the chain of segments hangs on a cursor');
  isSame(old.next, undefined, 'the chain of segments hangs on a cursor in the middle');
  for (const cursor of cursors) {
    const [first] = messages(readAll(cursor));
    assert.is(Number.parseInt(first ?? '', 10), log.firstId, 'it goes on with the oldest that is kept');
  }
});

test('the memory of a segment is given back once, while it is still there', () => {
  const given: Buffer[] = [];
  const log = makeLog({
    maxRetainedBytes: 20_000,
    memory: { take: Buffer.allocUnsafeSlow, give: ({ bytes }) => void given.push(bytes) },
  });
  const held = new Set<Buffer>([log.tail.bytes]);
  for (let i = 1; i <= 200; i++) {
    fill(log, i, i, 500);
    held.add(log.tail.bytes);
    log.expire(0);
  }
  assert.ok(given.length > 5, `${given.length} segments gave their memory back`);
  for (const bytes of given) assert.ok(held.delete(bytes), 'given back twice, or not what was taken');
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

test.run();
