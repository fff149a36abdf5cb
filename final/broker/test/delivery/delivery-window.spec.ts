import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Window } from '#log';
import { DeliveryWindow } from '../../delivery/delivery-window.ts';

test('it counts what the window of the course counts', () => {
  const step = fc.record({
    skip: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 5 })),
    count: fc.integer({ min: 0, max: 8 }),
    commit: fc.integer({ min: 0, max: 20 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 50 }), (steps, size) => {
      const window = new DeliveryWindow(size);
      const plain = new Window(size);
      let next = 1;
      for (const { skip, count, commit } of steps) {
        next += skip;
        for (const each of [window, plain]) each.delivered(next, next + count - 1);
        next += count;
        for (const each of [window, plain]) each.commit(next - commit);
        assert.is(window.used, plain.used, 'ids that stand uncommitted');
        assert.is(window.room, plain.room, 'room');
      }
    }),
  );
});

test('what is delivered and never committed takes no memory, however much it is', () => {
  const window = new DeliveryWindow(2 ** 32 - 1);
  window.delivered(1, 10 ** 9);
  for (let id = 10 ** 9 + 1; id <= 10 ** 9 + 1_000; id++) window.delivered(id, id);
  assert.is(window.used, 10 ** 9 + 1_000, 'ids that stand uncommitted');
  window.commit(10 ** 9);
  assert.is(window.used, 1_000, 'when most are committed');
  window.commit(2 * 10 ** 9);
  assert.is(window.used, 0, 'when all are');
});

test.run();
