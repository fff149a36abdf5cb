import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Cursor } from '#log';
import { testParts } from './log-suite.ts';
import { appendFrame, isSame, makeLog, readAll, SEGMENTS } from './support.ts';

testParts(SEGMENTS);

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
  isSame(cursor.read(2), undefined, 'the end');
});

test('a frame cut in two comes back whole, and the log is not changed by it', () => {
  const log = makeLog();
  appendFrame(log, 1, 'a', ['key', 'b'], 'c', 'd', 'e');
  const before = Buffer.from(log.tail.bytes.subarray(0, log.tail.sealed));
  assert.equal(readAll(new Cursor(log, 1), 2), ['1-2 a b', '3-4 c d', '5-5 e'], 'cut frames');
  assert.ok(before.equals(log.tail.bytes.subarray(0, log.tail.sealed)), 'the log was written to by a reader');
});

test.run();
