import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Segment } from '#log';
import { isSame } from './support.ts';

/** A segment with frames of 10 bytes and 5 ids each; several of one time share a mark. */
function fill(times: readonly number[]): Segment {
  const segment = new Segment(Buffer.alloc(4096), 1_000, 100);
  times.forEach((time, i) => {
    segment.seal((i + 1) * 10, 101 + i * 5, 105 + i * 5, time);
  });
  return segment;
}

test('nothing is sealed at first', () => {
  const segment = fill([]);
  assert.is(segment.sealed, 0, 'bytes');
  assert.is(segment.lastId, 100, 'last id');
  assert.is(segment.firstIdAfter(0), 101, 'nothing is young enough');
  assert.is(segment.slice(0).length, 0, 'its slice');
});

test('what is sealed is in the slice, and no byte more', () => {
  const segment = fill([1, 2]);
  assert.is(segment.slice(10).length, 10, 'bytes');
  isSame(segment.slice(10), segment.slice(10), 'all who ask for the same share it');
  segment.seal(30, 111, 111, 2);
  assert.is(segment.slice(10).length, 20, 'bytes when more is sealed');
  assert.is(segment.slice(0).length, 30, 'bytes from the front');
  isSame(segment.slice(10).buffer, segment.bytes.buffer, 'it was copied');
});

test('the marks lead to the last one at or before an id', () => {
  // Marks begin at ids 101, 111, 116, 131.
  const segment = fill([1, 1, 5, 9, 9, 9, 12]);
  for (let id = 101; id <= 135; id++) {
    const expected = id < 111 ? 0 : id < 116 ? 20 : id < 131 ? 30 : 60;
    assert.is(segment.positionBefore(id), expected, `id ${id}`);
  }
});

test('every id of many marks is found', () => {
  const segment = new Segment(Buffer.alloc(0), 0, 0);
  const size = 10_000;
  for (let i = 0; i < size; i++) segment.seal(i + 1, i + 1, i + 1, i);
  for (let id = 1; id <= size; id++) {
    if (segment.positionBefore(id) !== id - 1) assert.unreachable(`id ${id}`);
  }
});

test('the first id that is young enough', () => {
  const segment = fill([1, 1, 5, 9]);
  assert.is(segment.firstIdAfter(0), 101, 'all are');
  assert.is(segment.firstIdAfter(1), 111, 'as old as the first');
  assert.is(segment.firstIdAfter(4), 111, 'between two');
  assert.is(segment.firstIdAfter(5), 116, 'as old as the third');
  assert.is(segment.firstIdAfter(9), 121, 'none is');
});

test('what is let go holds neither its memory nor the segment after it', () => {
  const segment = fill([1, 2]);
  segment.next = fill([3]);
  segment.slice(10);
  segment.drop();
  assert.is(segment.bytes.length, 0, 'its memory');
  assert.is(segment.view.byteLength, 0, 'its view of it');
  assert.is(segment.slice(10).length, 0, 'the slice that readers shared');
  isSame(segment.next, undefined, 'the segment after it');
  assert.is(segment.lastId, 110, 'it has forgotten which ids it held');
});

test.run();
