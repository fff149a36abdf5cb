import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Outbox } from '../../session/outbox.ts';
import { Turn } from '../../session/turn.ts';
import type { Topic } from '../../topics/topic.ts';

test('time stands still in a turn, and never goes back', async () => {
  let time = 5.9;
  let asked = 0;
  const turn = new Turn(() => {
    asked++;
    return time;
  });
  assert.is(turn.now, 5);
  time = 7;
  assert.is(turn.now, 5);
  assert.is(asked, 1);
  await nextTurn();
  assert.is(turn.now, 7);
  await nextTurn();
  time = 3;
  assert.is(turn.now, 7);
});

test('topics are flushed before outboxes, each once, at the end of the turn by itself', async () => {
  const done: string[] = [];
  const turn = new Turn(() => 0);
  const outbox = { flush: () => done.push('outbox') } as unknown as Outbox;
  const topic = (name: string) =>
    ({
      flush: () => {
        done.push(name);
        turn.flushLater(outbox);
      },
    }) as unknown as Topic;
  turn.publishLater(topic('a'));
  turn.publishLater(topic('b'));
  assert.equal(done, []);
  await nextTurn();
  assert.equal(done, ['a', 'b', 'outbox', 'outbox']);
  turn.end();
  await nextTurn();
  assert.is(done.length, 4);
});

test.run();
