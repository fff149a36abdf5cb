import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock, MESSAGE_OVERHEAD, Topic } from '#topics';
import { append } from './support.ts';

function setUp({ retentionMs = 0, dedupeMs = 0, maxRetainedBytes = 1e9, maxKeys = 1e6 } = {}) {
  const clock = createManualClock(100);
  const topic = new Topic('hares', { maxRetainedBytes, maxKeys }, clock);
  topic.configure({ retentionMs, dedupeMs });
  const publish = (text = 'text', key = '') => append(topic, text, key);
  /** The ids that are retained above one. */
  const ids = (after: number) => {
    const found: number[] = [];
    for (let next = topic.oldestFrom(after + 1); next !== undefined; next = topic.oldestFrom(next.id + 1))
      found.push(next.id);
    return found;
  };
  return { clock, topic, publish, ids };
}

test('ids count up from 1; the message has topic, key, payload and time', () => {
  const { clock, topic } = setUp();
  assert.is(topic.lastId, 0, 'no id was given out');
  const payload = Buffer.from('one');
  const first = topic.append('k', payload);
  assert.equal(first, { topic: 'hares', id: 1, key: 'k', payload, time: 100 }, 'the first message');
  assert.is(first?.payload, payload, 'the payload is not copied');
  clock.advance(5);
  const second = topic.append('', Buffer.from('two'));
  assert.equal([second?.id, second?.time, topic.lastId], [2, 105, 2], 'the second message');
});

test('a repeat gets no id, and leaves no gap', () => {
  const { clock, topic } = setUp({ dedupeMs: 1_000, retentionMs: 1_000 });
  const publish = (key: string) => topic.append(key, Buffer.alloc(0))?.id;
  assert.equal([publish('k'), publish('k'), publish('other')], [1, undefined, 2], 'the ids given out');
  assert.is(topic.lastId, 2, 'the last id');
  clock.advance(1_001);
  assert.is(publish('k'), 3, 'after the window the key may come again');
});

test('times never go back, even when the clock does', () => {
  const { clock, publish } = setUp();
  publish();
  clock.advance(-3_600_000);
  const { id, time } = publish();
  assert.equal([id, time], [2, 100], 'a message while the clock is behind');
  clock.advance(3_600_001);
  assert.is(publish().time, 101, 'the time when the clock has caught up');
});

test('without retention nothing is kept, and nothing ever expires', () => {
  const { clock, topic, publish, ids } = setUp();
  const message = publish();
  assert.equal([ids(0), topic.firstRetainedId], [[], 2], 'what is retained, and the first id');
  clock.advance(1e9);
  assert.is(topic.isExpired(message), false, 'an old message');
});

test('with retention, messages are found by their id', () => {
  const { topic, publish, ids } = setUp({ retentionMs: 1_000 });
  for (let i = 0; i < 4; i += 1) publish();
  assert.equal(ids(0), [1, 2, 3, 4], 'all');
  assert.equal(ids(2), [3, 4], 'those above 2');
  assert.equal(ids(4), [], 'those above the last');
  assert.equal(ids(99), [], 'those above an id to come');
  assert.is(topic.firstRetainedId, 1, 'the first id');
});

test('what is too old is dropped, exactly as old is not', () => {
  const { clock, topic, publish, ids } = setUp({ retentionMs: 1_000 });
  const message = publish();
  clock.advance(500);
  publish();
  clock.advance(500);
  assert.is(topic.isExpired(message), false, 'exactly as old as the retention');
  assert.equal(ids(0), [1, 2], 'both are kept');
  clock.advance(1);
  assert.is(topic.isExpired(message), true, 'a millisecond older');
  assert.equal([ids(0), topic.firstRetainedId], [[2], 2], 'the younger one is kept');
  clock.advance(10_000);
  assert.equal([ids(0), topic.firstRetainedId], [[], 3], 'none is kept');
});

test('trim drops what is too old although nobody reads', () => {
  const { clock, topic, publish, ids } = setUp({ retentionMs: 1_000 });
  publish();
  clock.advance(1_001);
  topic.trim();
  clock.advance(-1_001);
  assert.equal(ids(0), [], 'it is gone even if the clock goes back');
});

test('retained bytes are bounded: the oldest go', () => {
  const roomForThree = 3 * (MESSAGE_OVERHEAD + 10);
  const { topic, publish, ids } = setUp({ retentionMs: 1_000, maxRetainedBytes: roomForThree });
  for (let i = 0; i < 10; i += 1) publish('0123456789');
  assert.equal(ids(0), [8, 9, 10], 'the last three are kept');
  publish('12345', '12345');
  assert.equal(ids(0), [9, 10, 11], 'the key counts too');
  publish('x'.repeat(10_000));
  assert.equal([ids(0), topic.firstRetainedId], [[], 13], 'one that is larger than all is not kept');
  publish('small');
  assert.equal(ids(0), [13], 'the next one is');
});

test('keys are bounded: the oldest is forgotten', () => {
  const { topic } = setUp({ dedupeMs: 1_000, maxKeys: 2 });
  const isNew = (key: string) => topic.append(key, Buffer.alloc(0)) !== undefined;
  for (const key of ['a', 'b', 'c']) isNew(key);
  assert.equal(['b', 'c', 'a'].map(isNew), [false, false, true], 'b and c repeat, a is forgotten');
});

test.run();
