import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Cursor } from '#log';
import { append, appendFrame, makeLog, readAll } from './support.ts';

test('without a limit, all that is sealed in a segment is one slice, uncopied, and the same for all who keep up', () => {
  const log = makeLog();
  const cursors = [new Cursor(log, 1), new Cursor(log, 1)] as const;
  appendFrame(log, 1, 'a', 'b');
  appendFrame(log, 2, 'c');
  const [slice, other] = [cursors[0].read(), cursors[1].read()];
  assert.is(slice, other, 'each got a slice of its own');
  assert.is(slice?.buffer, log.tail.bytes.buffer, 'it was copied');
  assert.is(slice?.length, log.end, 'all that is sealed');
  appendFrame(log, 3, 'd');
  const more = cursors[0].read();
  assert.is(
    more?.byteOffset,
    (slice?.byteOffset ?? 0) + (slice?.length ?? 0),
    'the next slice begins where the last ended',
  );
});

test('with a limit, a whole frame goes out uncopied; only what is cut is copied', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  appendFrame(log, 1, 'a', 'b');
  appendFrame(log, 2, 'c', 'd', 'e');
  appendFrame(log, 3, 'f');
  const isCopied = (limit: number) => cursor.read(limit)?.buffer !== log.tail.bytes.buffer;
  assert.is(isCopied(2), false, 'a frame of 2, where 2 may go');
  assert.is(isCopied(2), true, '2 of a frame of 3');
  assert.is(isCopied(2), true, 'the rest of that frame');
  assert.is(isCopied(2), false, 'a frame of 1');
  assert.is(cursor.read(2), undefined, 'the end');
});

test('a frame cut in two comes back whole, and the log is not changed by it', () => {
  const log = makeLog();
  appendFrame(log, 1, 'a', ['key', 'b'], 'c', 'd', 'e');
  const before = Buffer.from(log.tail.bytes.subarray(0, log.tail.sealed));
  assert.equal(readAll(new Cursor(log, 1), 2), ['1-2 a b', '3-4 c d', '5-5 e'], 'cut frames');
  assert.ok(before.equals(log.tail.bytes.subarray(0, log.tail.sealed)), 'the log was written to by a reader');
});

test('it goes on from segment to segment, and tells each that it has left', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  const early = cursor.segment;
  for (let i = 1; i <= 100; i++) appendFrame(log, i, `${i}`.padEnd(300, '.'));
  assert.is(cursor.lagBytes, log.end, 'it has read nothing');
  assert.is(cursor.lagMessages, 100, 'no message either');
  assert.is(readAll(cursor).length, 100, 'frames');
  assert.equal([cursor.lagBytes, cursor.lagMessages], [0, 0], 'it has read everything');
  assert.is(early.readers, 0, 'readers where it stood');
  assert.is(log.tail.readers, 1, 'readers where it stands');
});

test('left, it holds nothing and reads nothing', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  appendFrame(log, 1, 'a');
  cursor.leave();
  cursor.leave();
  assert.is(log.head.readers, 0, 'readers of the segment that it left');
  log.collect();
  assert.is(cursor.read(), undefined, 'it reads on');
  assert.is(log.head.readers, 0, 'it stands in the log again');
});

test('how far it lags is counted from when it came', () => {
  const log = makeLog();
  for (let i = 1; i <= 10; i++) appendFrame(log, i, 'x'.repeat(100));
  const old = log.end;
  const cursor = new Cursor(log, 1);
  assert.equal([cursor.lagBytes, cursor.lagMessages], [0, 0], 'what lay there before is no sign of slowness');
  appendFrame(log, 11, 'y'.repeat(100), 'z');
  const news = log.end - old;
  assert.equal([cursor.lagBytes, cursor.lagMessages], [news, 2], 'what came after it');
  cursor.read(10);
  assert.equal([cursor.lagBytes, cursor.lagMessages], [news, 2], 'it has read old ones only');
  readAll(cursor);
  assert.equal([cursor.lagBytes, cursor.lagMessages], [0, 0], 'it has read everything');
});

test('what was appended and is not sealed is no lag', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  append(log, 1, 'a');
  assert.equal([cursor.lagBytes, cursor.lagMessages], [0, 0], 'nobody can have it yet');
});

test.run();
