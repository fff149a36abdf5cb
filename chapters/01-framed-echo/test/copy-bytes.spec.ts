import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { copyBytes, viewOf } from '#framing';

const copying = suite('copying a few bytes');

/** Bytes that are all different from their neighbours. */
const SOURCE = Buffer.from(Array.from({ length: 400 }, (_, at) => (at * 7 + 1) & 255));

copying('every size from 0 to 200, between bytes that stay as they are', () => {
  for (let size = 0; size <= 200; size++) {
    for (const [from, at] of [
      [0, 0],
      [3, 5],
      [16, 1],
    ] as const) {
      const target = Buffer.alloc(256, 0xee);
      copyBytes(SOURCE, from, viewOf(target), at, size);
      const expected = Buffer.alloc(256, 0xee);
      SOURCE.copy(expected, at, from, from + size);
      assert.is(target.toString('hex'), expected.toString('hex'), `${size} bytes from ${from} to ${at}`);
    }
  }
});

copying('source and target may be parts of larger memory', () => {
  for (const size of [5, 16, 40, 161, 200]) {
    const source = SOURCE.subarray(100, 350);
    const memory = Buffer.alloc(512, 0xee);
    copyBytes(source, 7, viewOf(memory.subarray(128, 448)), 9, size);
    const expected = Buffer.alloc(512, 0xee);
    source.copy(expected, 128 + 9, 7, 7 + size);
    assert.is(memory.toString('hex'), expected.toString('hex'), `${size} bytes`);
  }
});

copying('a view shows the memory of its buffer, whichever was asked for before', () => {
  const one = Buffer.from([1, 2, 3, 4]);
  const other = Buffer.from([9, 8, 7, 6]).subarray(1);
  for (const bytes of [one, other, one]) {
    const view = viewOf(bytes);
    assert.equal([view.byteLength, view.getUint8(0)], [bytes.length, bytes[0]], 'its length and first byte');
  }
  assert.is(viewOf(one), viewOf(one), 'the same view for the same buffer: a record costs no object');
});

copying.run();
