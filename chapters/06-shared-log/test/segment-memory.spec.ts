/** Memory that goes round: which is kept, and how much. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MAX_SEGMENT_BYTES, Segment, SpareMemory } from '#log';
import { isSame } from './support.ts';

const segment = (bytes: Buffer): Segment => new Segment(bytes, 0, 0);

test('a large piece that was given is taken again, once', () => {
  const memory = new SpareMemory();
  isSame(memory.take(MAX_SEGMENT_BYTES), undefined, 'in the beginning there is none');
  const piece = Buffer.alloc(MAX_SEGMENT_BYTES);
  memory.give(segment(piece));
  isSame(memory.take(MAX_SEGMENT_BYTES), piece, 'the first taker gets it');
  isSame(memory.take(MAX_SEGMENT_BYTES), undefined, 'the second does not');
});

test('pieces of other sizes are not kept', () => {
  const memory = new SpareMemory();
  for (const size of [0, 4_096, MAX_SEGMENT_BYTES - 1, MAX_SEGMENT_BYTES + 1]) {
    memory.give(segment(Buffer.alloc(size)));
    isSame(memory.take(size), undefined, `a piece of ${size} bytes`);
    isSame(memory.take(MAX_SEGMENT_BYTES), undefined, `one of ${size} bytes as a large one`);
  }
});

test('a piece that somebody may still read is not written over', () => {
  const memory = new SpareMemory();
  const lent = segment(Buffer.alloc(MAX_SEGMENT_BYTES));
  lent.lent = true;
  memory.give(lent);
  isSame(memory.take(MAX_SEGMENT_BYTES), undefined, 'one that a socket holds');
});

test('what is kept is bounded', () => {
  const memory = new SpareMemory();
  for (let i = 0; i < 20; i++) memory.give(segment(Buffer.alloc(MAX_SEGMENT_BYTES)));
  let kept = 0;
  while (memory.take(MAX_SEGMENT_BYTES) !== undefined) kept += 1;
  assert.is(kept, 8, 'pieces that were kept');
});

test.run();
