import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Cursor } from '#log';
import { testReading } from './log-suite.ts';
import { append, appendFrame, fill, isSame, makeLog, messages, readAll, SEGMENTS } from './support.ts';

testReading(SEGMENTS);

test('without a limit, all that is sealed in a segment is one slice, uncopied, and the same for all who keep up', () => {
  const log = makeLog();
  const cursors = [new Cursor(log, 1), new Cursor(log, 1)] as const;
  appendFrame(log, 1, 'a', 'b');
  appendFrame(log, 2, 'c');
  const [slice, other] = [cursors[0].read(), cursors[1].read()];
  isSame(slice, other, 'each got a slice of its own');
  isSame(slice?.buffer, log.tail.bytes.buffer, 'it was copied');
  assert.is(slice?.length, log.end, 'all that is sealed');
  appendFrame(log, 3, 'd');
  const more = cursors[0].read();
  assert.is(
    more?.byteOffset,
    (slice?.byteOffset ?? 0) + (slice?.length ?? 0),
    'the next slice begins where the last ended',
  );
});

test('over two segments: the example of the lesson, byte by byte', () => {
  const log = makeLog();
  for (const text of ['a'.repeat(4_000), 'b', 'c'.repeat(40)]) appendFrame(log, 1, text);
  const [empty, first, second] = [log.head, log.head.next, log.tail];
  assert.equal([empty.sealed, first?.base, first?.sealed], [0, 0, 4_047], 'the first segment');
  assert.equal([second.base, second.sealed, second.lastId], [4_047, 63, 3], 'the second segment');
  const cursor = new Cursor(log, 2);
  isSame(cursor.segment, first, 'the segment of id 2');
  const frame = cursor.read();
  assert.is(frame?.toString('hex'), '0000001484017400000000000000020001' + '00000000000162', 'id 2');
  assert.is(frame?.byteOffset, 4_023, 'where it lies in the first segment');
  isSame(cursor.segment, first, 'where it stands after that');
  const next = cursor.read();
  isSame(cursor.segment, second, 'where it has gone');
  assert.is(next?.toString('hex', 0, 17), '0000003b84017400000000000000030001', 'the header of id 3');
  assert.equal([next?.byteOffset, next?.length], [0, 63], 'where id 3 lies in the second segment');
  assert.equal([first?.readers, second.readers], [0, 1], 'who stands where');
  isSame(cursor.read(), undefined, 'there is no more');
});

test('every id is found, wherever it lies', () => {
  const log = makeLog();
  for (let i = 1; i <= 1_000; i++) appendFrame(log, Math.floor(i / 7), `${i}`.padEnd(i % 90, '.'));
  for (let id = 1; id <= 1_000; id++) {
    const [first = ''] = messages(readAll(new Cursor(log, id)));
    assert.is(Number.parseInt(first.split(' ')[1] ?? '', 10), id, `the message of id ${id}`);
  }
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

test('a reader at the end of the last segment finds what comes, there and in the next one', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  for (let i = 1; i <= 100; i++) {
    fill(log, i, i, 300);
    assert.equal(
      messages(readAll(cursor)).map((line) => Number.parseInt(line, 10)),
      [i],
      `message ${i}`,
    );
  }
});

test('left, it stands nowhere and reads nothing', () => {
  const log = makeLog();
  const cursor = new Cursor(log, 1);
  appendFrame(log, 1, 'a');
  cursor.leave();
  cursor.leave();
  assert.is(log.head.readers, 0, 'readers of the segment that it left');
  isSame(cursor.read(), undefined, 'it reads on');
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
  cursor.moveTo(11);
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
