/** The answers to the exercises of the lesson, where they can be tested. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Cursor, type SegmentLog } from '#log';
import { append, makeLog, readAll } from './support.ts';
import { withWorld } from './world.ts';

test(
  'exercise 1: who keeps up is sent the log itself, who has a window a frame of its own',
  withWorld({}, async (world) => {
    const [ann, ben, cat] = [world.join(), world.join(), world.join()];
    ann.subscribe();
    ben.subscribe();
    cat.subscribe({ window: 1 });
    ann.publish('1', '2', '3', '4', '5');
    await world.endTurn();
    const memory = world.topic.log.tail.bytes.buffer;
    assert.is(new Set([...ann.sent, ...ben.sent, ...cat.sent]).size, 2, 'different buffers');
    assert.equal(
      [ann, ben, cat].map(({ sent }) => sent[0]?.buffer === memory),
      [true, true, false],
      'which of them lie in the log',
    );
  }),
);

test('exercise 2: a header for each message is a quarter more', () => {
  const [once, each] = [makeLog(), makeLog()];
  for (let i = 0; i < 1_000; i++) {
    append(once, 1, 'x'.repeat(64));
    append(each, 1, 'x'.repeat(64));
    each.seal();
  }
  once.seal();
  assert.equal([once.end, each.end], [70_085, 87_000], 'bytes of both logs');
});

test('exercise 4: what the slowest reader pins', () => {
  const log = makeLog();
  const [quick, slow] = [new Cursor(log, 1), new Cursor(log, 1)];
  for (let i = 1; i <= 100; i++) {
    append(log, i, 'x'.repeat(500));
    log.seal();
    readAll(quick);
    log.collect();
  }
  assert.is(pinnedBytes(log, [quick]), 0, 'by the quick one alone');
  assert.is(pinnedBytes(log, [quick, slow]), log.bytes, 'by both');
  slow.leave();
  log.collect();
  assert.is(pinnedBytes(log, [quick]), 0, 'when the slow one has left');
});

function pinnedBytes(log: SegmentLog, cursors: Iterable<Cursor>): number {
  let most = 0;
  for (const { lagBytes } of cursors) most = Math.max(most, lagBytes);
  return Math.min(most, log.bytes);
}

test.run();
