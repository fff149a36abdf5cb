import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { BrokerLimits } from '../../limits.ts';
import type { Topic } from '../../topics/topic.ts';
import { NoteBook, subscribe, World } from '../support.ts';

const LIMIT = 100_000;

/** One client that reads ten topics with window 1, and so many bytes published to each. */
function lagging(
  bytes: number,
  limits: Partial<BrokerLimits>,
): { world: World; book: NoteBook; topics: Topic[] } {
  const world = new World({ maxLagBytes: LIMIT, ...limits });
  const book = new NoteBook();
  const topics = Array.from({ length: 10 }, (_, i) => world.topic(`t${i}`));
  for (const topic of topics) subscribe(topic, book, { window: 1 });
  for (const topic of topics) {
    for (let i = 0; i < bytes / 1_000; i++) world.publish(topic, 'x'.repeat(970));
  }
  world.endTick();
  world.endTick();
  return { world, book, topics };
}

test('within the limit nothing is done, however many topics it lags in', () => {
  const { world, book } = lagging(9_000, {});
  world.lags.sweep();
  assert.is(book.slow, 0, 'it was ended');
});

test('disconnect: the lags of all its subscriptions count together', () => {
  const { world, book } = lagging(20_000, {});
  assert.is(book.slow, 0, 'it was ended for the lag in one topic');
  world.lags.sweep();
  assert.is(book.slow, 1, 'how often it was ended');
  assert.is(world.lags.size, 0, 'readers that are gone are looked at');
});

test('messages count as well as bytes', () => {
  const { world, book } = lagging(5_000, { maxLagMessages: 35 });
  world.lags.sweep();
  assert.is(book.slow, 1, 'how often it was ended');
});

test('skip: the largest lags go, until it is well within the limit', () => {
  const { world, book, topics } = lagging(20_000, { slowPolicy: 'skip' });
  world.lags.sweep();
  const lag = topics.reduce((sum, { readers: [reader] }) => sum + (reader?.lagBytes ?? 0), 0);
  assert.is(book.slow, 0, 'it was ended');
  assert.ok(lag <= LIMIT / 2 && lag > 0, `it lags ${lag} bytes`);
});

test('block: publishers of the topics in which it lags most wait until it has read', () => {
  const { world, book, topics } = lagging(20_000, { slowPolicy: 'block' });
  world.lags.sweep();
  const blocked = topics.filter(({ slow }) => slow.blocked);
  assert.ok(blocked.length >= 5 && blocked.length < 10, `${blocked.length} topics of 10 wait`);
  for (const topic of topics) topic.sweep();
  assert.is(
    topics.filter(({ slow }) => slow.blocked).length,
    blocked.length,
    'topics that wait after a sweep',
  );
  for (const subscription of book.subscriptions) subscription.skipUnread();
  world.lags.sweep();
  for (const topic of topics) topic.sweep();
  assert.is(topics.filter(({ slow }) => slow.blocked).length, 0, 'topics that wait when it has read all');
});

test('who has caught up is not looked at', () => {
  const { world, book } = lagging(9_000, {});
  assert.is(world.lags.size, 10, 'readers that are behind');
  for (const subscription of book.subscriptions) subscription.skipUnread();
  world.lags.sweep();
  assert.is(world.lags.size, 0, 'readers that have caught up');
});

test.run();
