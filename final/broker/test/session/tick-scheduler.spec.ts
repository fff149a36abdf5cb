import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TickScheduler } from '../../session/tick-scheduler.ts';

const noFaults = {
  report(fault: unknown): void {
    throw fault;
  },
};

test('time stands still in a tick, and never goes back', async () => {
  let time = 5.9;
  let asked = 0;
  const scheduler = new TickScheduler(() => {
    asked++;
    return time;
  }, noFaults);
  assert.is(scheduler.now, 5);
  time = 7;
  assert.is(scheduler.now, 5);
  assert.is(asked, 1);
  await nextTurn();
  assert.is(scheduler.now, 7);
  await nextTurn();
  time = 3;
  assert.is(scheduler.now, 7);
});

test('topics are flushed before outboxes, each once, at the end of the tick by itself', async () => {
  const done: string[] = [];
  const scheduler = new TickScheduler(() => 0, noFaults);
  const outbox = { flush: () => done.push('outbox') };
  const topic = (name: string) => ({
    flush: () => {
      done.push(name);
      scheduler.flushLater(outbox);
    },
  });
  scheduler.publishLater(topic('a'));
  scheduler.publishLater(topic('b'));
  assert.equal(done, []);
  await nextTurn();
  assert.equal(done, ['a', 'b', 'outbox', 'outbox']);
  scheduler.end();
  await nextTurn();
  assert.is(done.length, 4);
});

test('what one of them throws is reported, and keeps nothing from the others', () => {
  const done: string[] = [];
  const faults: unknown[] = [];
  const scheduler = new TickScheduler(() => 0, { report: (fault) => faults.push(fault) });
  const fault = new TypeError('a mistake of ours');
  for (const name of ['a', 'b', 'c']) {
    scheduler.publishLater({
      flush() {
        if (name === 'b') throw fault;
        done.push(name);
      },
    });
  }
  scheduler.end();
  assert.equal(done, ['a', 'c'], 'the other topics were flushed');
  assert.equal(faults, [fault], 'the fault was reported once');
});

test.run();
