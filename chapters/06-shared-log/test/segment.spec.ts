import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Segment } from '#log';

/** A segment with frames of 10 bytes and 5 ids each; several of one time share an index entry. */
function fill(times: readonly number[]): Segment {
  const segment = new Segment(4096, 1_000, 101);
  times.forEach((time, i) => {
    segment.seal((i + 1) * 10, 101 + i * 5, 105 + i * 5, time);
  });
  return segment;
}

test('nothing is sealed at first', () => {
  const segment = new Segment(64, 1_000, 101);
  assert.is(segment.sealed, 0);
  assert.is(segment.end, 1_000);
  assert.is(segment.lastId, 100);
  assert.is(segment.slice(0).length, 0);
});

test('what is sealed is in the slice, and no byte more', () => {
  const segment = fill([1, 2]);
  assert.is(segment.slice(10).length, 10);
  assert.is(segment.slice(10), segment.slice(10), 'all who ask for the same share it');
  segment.bytes[25] = 7;
  segment.seal(30, 111, 111, 2);
  assert.is(segment.slice(10).length, 20);
  assert.is(segment.slice(10).buffer, segment.bytes.buffer, 'a view, not a copy');
});

test('the index leads to the last entry at or before an id', () => {
  // Entries begin at ids 101, 111, 116, 131.
  const segment = fill([1, 1, 5, 9, 9, 9, 12]);
  for (let id = 101; id <= 135; id++) {
    const expected = id < 111 ? 0 : id < 116 ? 20 : id < 131 ? 30 : 60;
    assert.is(segment.positionBefore(id), expected, `id ${id}`);
  }
});

test('every id of a long index is found', () => {
  const segment = new Segment(0, 0, 1);
  const size = 10_000;
  for (let i = 0; i < size; i++) segment.seal(i + 1, i + 1, i + 1, i);
  for (let id = 1; id <= size; id++) {
    if (segment.positionBefore(id) !== id - 1) assert.unreachable(`id ${id}`);
  }
});

test('the first id that is young enough', () => {
  const segment = fill([1, 1, 5, 9]);
  assert.is(segment.firstIdAfter(0), 101);
  assert.is(segment.firstIdAfter(1), 111);
  assert.is(segment.firstIdAfter(4), 111);
  assert.is(segment.firstIdAfter(5), 116);
  assert.is(segment.firstIdAfter(9), 121);
});

test('released, it holds nothing and is a place to stand all the same', () => {
  const segment = fill([1, 2]);
  assert.is(segment.held, 20);
  segment.release();
  assert.is(segment.held, 0);
  assert.is(segment.bytes.length, 0);
  assert.is(segment.end, 1_020);
  assert.is(segment.lastId, 110);
});

test.run();
