import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ProtocolError, Start } from '#protocol';
import type { Topic } from '../../topics/topic.ts';
import { NoteBook, subscribe as subscribeAt, World } from '../support.ts';

/** Subscribe as a client asks for it. */
function subscribe(topic: Topic, start: number, after = 0, window = 0): NoteBook {
  const book = new NoteBook();
  const { skippedFrom, nextId } = topic.place(start, after);
  subscribeAt(topic, book, { window, nextId, missedFrom: skippedFrom });
  return book;
}

test('settings: the first CREATE holds; the same again is fine, others are not', () => {
  const topic = new World().topic();
  assert.equal(topic.settings, { retentionMs: 0, dedupeMs: 0 });
  assert.is(topic.create({ retentionMs: 5, dedupeMs: 6 }), true);
  assert.is(topic.create({ retentionMs: 5, dedupeMs: 6 }), true);
  assert.is(topic.create({ retentionMs: 5, dedupeMs: 0 }), false);
  assert.equal(topic.settings, { retentionMs: 5, dedupeMs: 6 });
});

test('retention 0: nobody there, nothing kept, but ids go on', () => {
  const world = new World();
  const topic = world.topic();
  world.publish(topic, 'a', 'b');
  world.endTick();
  assert.is(topic.log.bytes, 0);
  const book = subscribe(topic, Start.EARLIEST);
  world.publish(topic, 'c');
  world.endTick();
  assert.equal(book.take(), ['3-3 c']);
});

test('retention 0: nothing is kept for one who resumes; it is told', () => {
  const world = new World();
  const topic = world.topic();
  const other = subscribe(topic, Start.LATEST);
  other.full = true;
  world.publish(topic, 'a', 'b', 'c');
  world.endTick();
  const book = subscribe(topic, Start.AFTER, 1);
  world.publish(topic, 'd');
  world.endTick();
  assert.equal(book.take(), ['skipped 2-3', '4-4 d']);
  other.drain();
  assert.equal(other.take(), ['1-3 a b c', '4-4 d'], 'it was kept for who was there');
});

test('purge: what is gone is told to those who have not got it, and is not delivered to anybody', () => {
  const world = new World();
  const topic = world.topic();
  topic.create({ retentionMs: 60_000, dedupeMs: 0 });
  const [slow, quick] = [subscribe(topic, Start.LATEST, 0, 1), subscribe(topic, Start.LATEST)];
  world.publish(topic, 'a', 'b', 'c');
  world.publish(topic, 'd');
  topic.purge(2);
  assert.equal(quick.take(), ['1-4 a b c d'], 'one that keeps up loses nothing');
  assert.equal(slow.take(), ['1-1 a'], 'its window is full');
  assert.equal(subscribe(topic, Start.EARLIEST).take(), ['3-4 c d'], 'a newcomer');
  slow.subscriptions[0]?.commit(1);
  assert.equal(slow.take(), ['skipped 2-2', '3-3 c'], 'one that had not got it');
  topic.purge(Number.MAX_SAFE_INTEGER);
  assert.is(topic.log.bytes, 0, 'bytes that are held');
  world.publish(topic, 'e');
  world.endTick();
  assert.equal(quick.take(), ['5-5 e'], 'it goes on');
});

test('clear: messages, keys and settings go; readers stay, and ids go on', () => {
  const world = new World();
  const topic = world.topic();
  topic.create({ retentionMs: 60_000, dedupeMs: 60_000 });
  const book = subscribe(topic, Start.LATEST);
  world.publish(topic, ['key', 'a']);
  topic.clear();
  assert.equal(topic.settings, { retentionMs: 0, dedupeMs: 0 }, 'its settings');
  assert.is(world.publish(topic, ['key', 'b']), 1, 'a key was remembered');
  world.endTick();
  assert.equal(book.take(), ['1-1 a', '2-2 b'], 'its reader');
  assert.ok(topic.create({ retentionMs: 1, dedupeMs: 0 }), 'it cannot be created anew');
});

test('holdsNothing: no message, no reader, no setting', () => {
  const world = new World();
  const topic = world.topic();
  assert.ok(topic.holdsNothing, 'a new topic holds something');
  const book = subscribe(topic, Start.LATEST);
  assert.not.ok(topic.holdsNothing, 'somebody reads it');
  world.publish(topic, 'a');
  book.leave();
  assert.not.ok(topic.holdsNothing, 'its tick has not ended');
  world.endTick();
  assert.ok(topic.holdsNothing, 'what nobody reads is held');
  topic.create({ retentionMs: 0, dedupeMs: 0 });
  assert.not.ok(topic.holdsNothing, 'it was created');
});

test('what lies in the log by chance does not become retained by a CREATE', () => {
  const world = new World();
  const topic = world.topic();
  subscribe(topic, Start.LATEST);
  world.publish(topic, 'a');
  world.endTick();
  assert.ok(topic.log.bytes > 0, 'the log holds what was published');
  topic.create({ retentionMs: 60_000, dedupeMs: 0 });
  world.publish(topic, 'b');
  world.endTick();
  assert.equal(subscribe(topic, Start.EARLIEST).take(), ['2-2 b']);
});

test('every start, and ids that are collected or in the future', () => {
  const world = new World();
  const topic = world.topic();
  topic.create({ retentionMs: 1_000, dedupeMs: 0 });
  world.publish(topic, 'a', 'b');
  world.endTick(600);
  world.publish(topic, 'c', 'd');
  world.endTick();
  assert.equal(subscribe(topic, Start.EARLIEST).take(), ['1-2 a b', '3-4 c d']);
  assert.equal(subscribe(topic, Start.LATEST).take(), []);
  assert.equal(subscribe(topic, Start.AFTER, 0).take(), ['1-2 a b', '3-4 c d']);
  assert.equal(subscribe(topic, Start.AFTER, 1).take(), ['2-2 b', '3-4 c d']);
  assert.equal(subscribe(topic, Start.AFTER, 3).take(), ['4-4 d']);
  assert.equal(subscribe(topic, Start.AFTER, 4).take(), []);
  world.endTick(600);
  assert.equal(subscribe(topic, Start.EARLIEST).take(), ['3-4 c d']);
  assert.equal(subscribe(topic, Start.AFTER, 1).take(), ['skipped 2-2', '3-4 c d']);
  assert.equal(subscribe(topic, Start.AFTER, 2).take(), ['3-4 c d']);
  world.endTick(600);
  assert.equal(subscribe(topic, Start.AFTER, 1).take(), ['skipped 2-4']);
  for (const after of [5, 2 ** 53 - 1]) {
    assert.throws(
      () => topic.place(Start.AFTER, after),
      (error: unknown) => error instanceof ProtocolError && error.code === 'OUT_OF_RANGE' && !error.fatal,
    );
  }
});

test('"what comes next" does not include what this very tick has brought', () => {
  const world = new World();
  const topic = world.topic();
  topic.create({ retentionMs: 1_000, dedupeMs: 0 });
  world.publish(topic, 'a');
  const book = subscribe(topic, Start.LATEST);
  world.publish(topic, 'b');
  world.endTick();
  assert.equal(book.take(), ['2-2 b']);
});

test('bytes: more than a topic may retain is skipped', () => {
  const world = new World({ maxRetainedBytes: 20_000 });
  const topic = world.topic();
  topic.create({ retentionMs: 60_000, dedupeMs: 0 });
  const book = subscribe(topic, Start.EARLIEST);
  book.full = true;
  for (let i = 0; i < 100; i++) {
    world.publish(topic, 'x'.repeat(1_000));
    world.endTick();
  }
  const { firstId, bytes } = topic.log;
  assert.ok(firstId > 70 && bytes <= 25_000, `from id ${firstId}, ${bytes} bytes`);
  book.drain();
  const found = book.take();
  assert.is(found[0], `skipped 1-${firstId - 1}`);
  assert.is(found.length, 1 + 101 - firstId);
});

test('dedupe at the topic: the second of a key gets no id, until the window is over', () => {
  const world = new World();
  const topic = world.topic();
  topic.create({ retentionMs: 60_000, dedupeMs: 1_000 });
  const book = subscribe(topic, Start.LATEST);
  assert.is(world.publish(topic, ['k', 'a'], ['k', 'b'], ['l', 'c'], 'd', 'd'), 4);
  world.endTick(1_000);
  assert.equal(book.take(), ['1-4 a c d d']);
  assert.is(world.publish(topic, ['k', 'e']), 0);
  world.endTick(1);
  assert.is(world.publish(topic, ['k', 'f']), 1);
  world.endTick();
  assert.equal(book.take(), ['5-5 f']);
  assert.equal(
    subscribe(topic, Start.EARLIEST).take(),
    ['1-4 a c d d', '5-5 f'],
    'for those who come late, too',
  );
});

test('dedupe: keys of any bytes, and no more of them than the limit', () => {
  const world = new World({ maxKeys: 2 });
  const topic = world.topic();
  topic.create({ retentionMs: 0, dedupeMs: 1_000 });
  const keys = ['__proto__', '\u00ff\u0000', 'third'] as const;
  for (const key of keys) assert.is(world.publish(topic, [key, 'x']), 1);
  assert.is(world.publish(topic, [keys[1], 'x']), 0);
  assert.is(world.publish(topic, [keys[0], 'x']), 1, 'the oldest was forgotten');
});

test('a quiet topic lets go of its memory, whether somebody reads it or not', () => {
  const world = new World();
  for (const name of ['read', 'unread']) {
    const topic = world.topic(name);
    topic.create({ retentionMs: 1_000, dedupeMs: 0 });
    const book = name === 'read' ? subscribe(topic, Start.EARLIEST) : undefined;
    world.publish(topic, 'a');
    world.endTick(500);
    topic.sweep();
    topic.sweep();
    assert.ok(topic.log.bytes > 0, 'it is retained still');
    world.endTick(600);
    topic.sweep();
    assert.is(topic.log.bytes, 0);
    world.publish(topic, 'b');
    world.endTick();
    assert.equal(subscribe(topic, Start.AFTER, 0).take(), ['skipped 1-1', '2-2 b']);
    if (book) assert.equal(book.take(), ['1-1 a', '2-2 b']);
  }
});

test('a topic that was forgotten says so: there may be another of its name', () => {
  const world = new World();
  const topic = world.topic('inbox');
  const book = subscribe(topic, Start.LATEST);
  world.topics.vanish(topic);
  assert.is(world.topic('inbox'), topic, 'somebody reads it');
  book.leave();
  world.topics.vanish(topic);
  assert.is(topic.forgotten, true);
  assert.is.not(world.topic('inbox'), topic);
  assert.equal(book.take(), []);
});

test.run();
