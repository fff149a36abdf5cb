/** Memory that goes round: which is kept, and how much. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MAX_SEGMENT_BYTES, SpareMemory } from '#log';

test('a large piece that was given is taken again, once', () => {
  const memory = new SpareMemory();
  assert.is(memory.take(MAX_SEGMENT_BYTES), undefined, 'in the beginning there is none');
  const piece = Buffer.alloc(MAX_SEGMENT_BYTES);
  memory.give(piece);
  assert.is(memory.take(MAX_SEGMENT_BYTES), piece, 'the first taker gets it');
  assert.is(memory.take(MAX_SEGMENT_BYTES), undefined, 'the second does not');
});

test('pieces of other sizes are not kept', () => {
  const memory = new SpareMemory();
  for (const size of [0, 4_096, MAX_SEGMENT_BYTES - 1, MAX_SEGMENT_BYTES + 1]) {
    memory.give(Buffer.alloc(size));
    assert.is(memory.take(size), undefined, `a piece of ${size} bytes`);
    assert.is(memory.take(MAX_SEGMENT_BYTES), undefined, `one of ${size} bytes as a large one`);
  }
});

test('what is kept is bounded', () => {
  const memory = new SpareMemory();
  for (let i = 0; i < 20; i++) memory.give(Buffer.alloc(MAX_SEGMENT_BYTES));
  let kept = 0;
  while (memory.take(MAX_SEGMENT_BYTES) !== undefined) kept += 1;
  assert.is(kept, 8, 'pieces that were kept');
});

test.run();
