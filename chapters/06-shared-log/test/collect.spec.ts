import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Cursor, type Segment } from '#log';
import { append, appendFrame, fill, isSame, makeLog, messages, readAll } from './support.ts';

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
  isSame(log.head, slow.segment, 'the segment of the slow one is the oldest');
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

test('one that has left holds nothing', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  appendFrame(log, 1, 'a');
  cursor.leave();
  cursor.leave();
  assert.is(log.head.readers, 0, 'readers of the segment that it left');
  log.collect();
  isSame(cursor.read(), undefined, 'it reads on');
  assert.is(log.head.readers, 0, 'it stands in the log again');
});

test('one that has read all of a segment that goes then finds what comes after it', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  appendFrame(log, 1, 'a');
  readAll(cursor);
  log.drop(1);
  isSame(cursor.read(), undefined, 'there is nothing to read');
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
  isSame(log.head, log.tail, 'not in the middle of a frame');
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
  isSame(log.head, head, 'there is nothing to roll');
  fill(log, 3, 3, 10);
  assert.is(messages(readAll(cursor)).length, 1, 'what came afterwards');
});

test.run();
