/** The answers to the exercises of the lesson, tried. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Subscriber, TopicRegistry } from '#topics';
import { RingQueue } from './answers/ring-queue.ts';
import { SlidingWindow } from './answers/sliding-window.ts';
import { testQueue } from './queue-cases.ts';
import { append } from './support.ts';

test('exercise 1: a sensor that says "on" every second is heard once', () => {
  const keys = new SlidingWindow(60_000);
  const heard = Array.from({ length: 600 }, (_, second) => keys.admit('on', second * 1_000));
  assert.equal([heard.indexOf(true), heard.lastIndexOf(true)], [0, 0], 'the first alone is let through');
  assert.equal([keys.admit('off', 600_000), keys.admit('', 600_000)], [true, true], 'others are');
  assert.is(keys.admit('on', 659_000), false, 'exactly a window after its last repeat');
  assert.is(keys.admit('on', 719_001), true, 'a millisecond more');
});

testQueue(() => new RingQueue());

// #region pause
test('exercise 3: a publisher that pauses in time is never refused', () => {
  const topic = new TopicRegistry().use('hares');
  const subscriber = new Subscriber({ maxLagMessages: 100 });
  subscriber.subscribe(topic);
  let [paused, sent, taken] = [false, 0, 0];
  while (taken < 10_000) {
    if (!paused && sent < 10_000) {
      subscriber.offer(append(topic)); // throws SLOW when it does not fit
      sent += 1;
    } else if (subscriber.nextReady()?.next() !== undefined) taken += 1;
    if (subscriber.queuedMessages >= 80) paused = true;
    if (subscriber.queuedMessages <= 20) paused = false;
  }
  assert.equal([sent, subscriber.lag], [10_000, 0], 'all was sent, and all was taken');
});
// #endregion pause

test.run();
