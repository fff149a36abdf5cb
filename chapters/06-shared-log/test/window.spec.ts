import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Window } from '#log';

test('no limit: always room, nothing counted', () => {
  const window = new Window(0);
  window.delivered(1, 1_000_000);
  assert.is(window.used, 0, 'used');
  assert.ok(window.room > 1_000_000, `room for ${window.room}`);
  window.commit(500);
  assert.is(window.used, 0, 'used after a commit');
});

test('room shrinks with what is delivered and grows with what is committed', () => {
  const window = new Window(4);
  window.delivered(11, 14);
  assert.is(window.room, 0, 'room when it is full');
  window.commit(12);
  assert.is(window.room, 2, 'room after a commit of two');
  window.commit(12);
  window.commit(3);
  assert.is(window.room, 2, 'again, or less, changes nothing');
  window.commit(14);
  assert.is(window.room, 4, 'room when all is committed');
});

test('skipped ids take no place, wherever a commit ends', () => {
  for (const steps of [[14], [12, 14], [11, 12, 13, 14, 15, 16], [16], [15, 16]]) {
    const window = new Window(9);
    window.delivered(11, 12);
    window.delivered(15, 16);
    assert.is(window.used, 4, 'used');
    for (const id of steps) window.commit(id);
    assert.is(window.used, steps.at(-1) === 16 ? 0 : 2, `used after commits of ${steps.join(' ')}`);
  }
});

test('agrees with a set of ids, whatever happens', () => {
  const step = fc.oneof(
    fc.record({ what: fc.constantFrom('sent', 'skip'), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ what: fc.constant('commit'), count: fc.nat({ max: 40 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const window = new Window(1_000);
      const open = new Set<number>();
      let last = 0;
      for (const { what, count } of steps) {
        if (what === 'sent') {
          window.delivered(last + 1, last + count);
          for (let i = 0; i < count; i++) open.add(++last);
        } else if (what === 'skip') {
          last += count;
        } else {
          const id = Math.min(count, last);
          window.commit(id);
          for (const each of open) if (each <= id) open.delete(each);
        }
        assert.is(window.used, open.size, 'used');
      }
    }),
    { numRuns: 500 },
  );
});

test.run();
