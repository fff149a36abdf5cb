import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock, MESSAGE_OVERHEAD, Topic } from '#topics';

function setUp({ retentionMs = 0, maxRetainedBytes = 1e9 } = {}) {
  const clock = createManualClock(100);
  const topic = new Topic({ name: 'hares', clock, settings: { retentionMs, dedupeMs: 0 }, maxRetainedBytes });
  const publish = (text = 'text') => topic.append('', Buffer.from(text));
  const ids = (after: number) => [...topic.after(after)].map(({ id }) => id);
  return { clock, topic, publish, ids };
}

test('ids count up from 1; the stamp has topic, key, payload and time', () => {
  const { clock, topic } = setUp();
  assert.is(topic.lastId, 0);
  const payload = Buffer.from('one');
  assert.equal(topic.append('k', payload), { topic: 'hares', id: 1, key: 'k', payload, time: 100, order: 1 });
  clock.advance(5);
  const second = topic.append('', Buffer.from('two'));
  assert.equal([second.id, second.time, topic.lastId], [2, 105, 2]);
});

test('times never go back, even when the clock does', () => {
  const { clock, publish } = setUp();
  publish();
  clock.advance(-3_600_000);
  const { id, time } = publish();
  assert.equal([id, time], [2, 100]);
  clock.advance(3_600_001);
  assert.is(publish().time, 101);
});

test('topics that share a sequence number their messages in order of arrival', () => {
  const clock = createManualClock();
  const sequence = { last: 0 };
  const one = new Topic({ name: 'one', clock, sequence });
  const two = new Topic({ name: 'two', clock, sequence });
  const orders = [one, two, one].map((topic) => topic.append('', Buffer.alloc(0)).order);
  assert.equal(orders, [1, 2, 3]);
  assert.equal([one.lastId, two.lastId], [2, 1]);
});

test('without retention nothing is kept', () => {
  const { topic, publish, ids } = setUp();
  publish();
  assert.equal(ids(0), []);
  assert.equal([topic.retainedCount, topic.retainedBytes, topic.firstRetainedId], [0, 0, 2]);
});

test('with retention, after(id) is what is retained above that id', () => {
  const { topic, publish, ids } = setUp({ retentionMs: 1_000 });
  for (let i = 0; i < 4; i += 1) publish();
  assert.equal(ids(0), [1, 2, 3, 4]);
  assert.equal(ids(2), [3, 4]);
  assert.equal(ids(4), []);
  assert.equal(ids(99), []);
  assert.is(topic.firstRetainedId, 1);
});

test('what is too old is trimmed, exactly as old is not', () => {
  const { clock, topic, publish, ids } = setUp({ retentionMs: 1_000 });
  publish();
  clock.advance(500);
  publish();
  clock.advance(500);
  assert.equal(ids(0), [1, 2]);
  clock.advance(1);
  assert.equal(ids(0), [2]);
  assert.is(topic.firstRetainedId, 2);
  clock.advance(10_000);
  assert.equal([topic.retainedCount, topic.retainedBytes, topic.firstRetainedId], [0, 0, 3]);
});

test('retained bytes are bounded: the oldest go', () => {
  const { topic, publish, ids } = setUp({
    retentionMs: 1_000,
    maxRetainedBytes: 3 * (MESSAGE_OVERHEAD + 10),
  });
  for (let i = 0; i < 10; i += 1) publish('0123456789');
  assert.equal(ids(0), [8, 9, 10]);
  assert.is(topic.retainedBytes, 3 * (MESSAGE_OVERHEAD + 10));
  publish('x'.repeat(10_000));
  assert.equal([topic.retainedCount, topic.retainedBytes, topic.firstRetainedId], [0, 0, 12]);
});

test('a reader of after() survives that the history moves on meanwhile', () => {
  const { clock, topic, publish } = setUp({ retentionMs: 1_000 });
  for (let i = 0; i < 3; i += 1) publish();
  const reading = topic.after(0);
  assert.is(reading.next().value?.id, 1);
  clock.advance(1_001);
  publish();
  assert.is(reading.next().value?.id, 4);
  assert.is(reading.next().done, true);
});

test.run();
