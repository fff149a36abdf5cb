import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Topic } from '../../topics/topic.ts';
import { decode, NoteBook, subscribe, World } from '../support.ts';

/** A world with one topic, which retains for a minute unless told otherwise. */
function begin(retentionMs = 60_000): { world: World; topic: Topic } {
  const world = new World();
  const topic = world.topic();
  topic.create({ retentionMs, dedupeMs: 0 });
  return { world, topic };
}

test('all who keep up are sent the same slice of the log, uncopied', () => {
  const { world, topic } = begin();
  const books = [new NoteBook(), new NoteBook()] as const;
  for (const book of books) subscribe(topic, book);
  world.publish(topic, 'a', 'b');
  assert.equal(books[0].take(), [], 'not before the tick ends');
  world.endTick();
  assert.is(books[0].bytes[0], books[1].bytes[0]);
  assert.is(books[0].bytes[0]?.buffer, topic.log.tail?.bytes.buffer);
  assert.equal(books[0].take(), ['1-2 a b']);
});

test('one write for each tick, however many messages', () => {
  const { world, topic } = begin();
  const book = new NoteBook();
  subscribe(topic, book);
  for (let i = 0; i < 100; i++) world.publish(topic, 'x');
  world.endTick();
  assert.is(book.bytes.length, 1);
});

test('a full reader gets nothing, and all of it later', () => {
  const { world, topic } = begin(0);
  const [book, other] = [new NoteBook(), new NoteBook()];
  const subscription = subscribe(topic, book);
  subscribe(topic, other);
  book.full = true;
  for (let i = 1; i <= 50; i++) {
    world.publish(topic, `${i}`.padEnd(500, '.'));
    world.endTick();
  }
  assert.is(other.take().length, 50);
  assert.equal(book.take(), []);
  assert.is(subscription.lag, 50);
  book.drain();
  assert.equal(
    book.take().map((line) => Number.parseInt(line, 10)),
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
  assert.is(subscription.lag, 0);
});

test('nothing is lost for one that is full when a quiet topic wakes up', () => {
  const { world, topic } = begin(0);
  const [book, other] = [new NoteBook(), new NoteBook()];
  subscribe(topic, book);
  subscribe(topic, other);
  world.publish(topic, 'a');
  world.endTick();
  topic.sweep();
  topic.sweep();
  assert.is(topic.log.bytes, 0, 'the quiet topic has let go');
  book.take();
  book.full = true;
  for (let i = 2; i <= 100; i++) {
    world.publish(topic, `${i}`.padEnd(500, '.'));
    world.endTick();
  }
  book.drain();
  const found = book.take();
  assert.is(found.length, 99);
  assert.match(found[0] ?? '', /^2-2 /);
});

test('a window of 1 on a batch of a thousand: one message, one commit', () => {
  const { world, topic } = begin();
  const book = new NoteBook();
  const subscription = subscribe(topic, book, { window: 1 });
  world.publish(topic, ...Array.from({ length: 1_000 }, (_, i) => `${i + 1}`));
  world.endTick();
  for (let id = 1; id <= 1_000; id++) {
    assert.equal(book.take(), [`${id}-${id} ${id}`]);
    assert.is(subscription.lag, 1_001 - id);
    assert.throws(() => subscription.commit(id + 1), /not delivered yet/);
    subscription.commit(id);
  }
  assert.equal(book.take(), []);
  assert.is(subscription.lag, 0);
});

for (const window of [1, 2, 3, 5, 7, 1_000]) {
  test(`a window of ${window} on frames of different sizes: in order, never past it`, () => {
    const { world, topic } = begin();
    const book = new NoteBook();
    const subscription = subscribe(topic, book, { window });
    let last = 0;
    for (const size of [1, 4, 2, 9, 1, 1, 3]) {
      world.publish(topic, ...Array.from({ length: size }, () => `${++last}`));
      world.endTick();
    }
    let next = 1;
    let committed = 0;
    while (next <= last) {
      for (const frame of decode(Buffer.concat(book.bytes.splice(0)))) {
        if (!('records' in frame) || !('firstId' in frame)) continue;
        assert.is(frame.firstId, next);
        for (const record of frame.records) assert.is(Buffer.from(record.payload).toString(), `${next++}`);
      }
      assert.ok(next - 1 - committed <= window, 'past the window');
      assert.is(subscription.lag, last - committed);
      committed = Math.min(next - 1, committed + Math.ceil(window / 2));
      subscription.commit(committed);
    }
  });
}

test('without a window it begins in the middle of a frame and goes on in whole ones', () => {
  const { world, topic } = begin();
  world.publish(topic, 'a', 'b', 'c');
  world.endTick();
  world.publish(topic, 'd');
  world.endTick();
  const book = new NoteBook();
  subscribe(topic, book, { nextId: 2 });
  assert.equal(book.take(), ['2-3 b c', '4-4 d']);
});

test('what it missed is told, once, before anything else', () => {
  const { world, topic } = begin();
  const book = new NoteBook();
  const subscription = subscribe(topic, book, { window: 2 });
  world.publish(topic, 'a', 'b', 'c', 'd');
  world.endTick();
  assert.equal(book.take(), ['1-2 a b']);
  subscription.skipTo(4);
  subscription.skipTo(4);
  subscription.skipTo(3);
  subscription.pump();
  assert.equal(book.take(), [], 'there is no room in its window for what comes after');
  subscription.commit(2);
  subscription.pump();
  assert.equal(book.take(), ['skipped 3-3', '4-4 d']);
});

test('two gaps that nothing came between are one', () => {
  const { world, topic } = begin();
  const book = new NoteBook();
  const subscription = subscribe(topic, book);
  book.full = true;
  for (const text of ['a', 'b', 'c', 'd', 'e']) {
    world.publish(topic, text);
    world.endTick();
  }
  subscription.skipTo(3);
  subscription.skipTo(5);
  book.drain();
  assert.equal(book.take(), ['skipped 1-4', '5-5 e']);
});

test('skipped in the middle of a frame, it goes on at the right record', () => {
  const { world, topic } = begin();
  const book = new NoteBook();
  const subscription = subscribe(topic, book, { window: 3 });
  world.publish(topic, 'a', 'b', 'c', 'd', 'e', 'f');
  world.endTick();
  assert.equal(book.take(), ['1-3 a b c']);
  subscription.skipTo(5);
  subscription.commit(3);
  subscription.pump();
  assert.equal(book.take(), ['skipped 4-4', '5-6 e f']);
});

test('a message that has become too old is not delivered, also to one that was full meanwhile', () => {
  const { world, topic } = begin(1_000);
  const book = new NoteBook();
  subscribe(topic, book);
  book.full = true;
  world.publish(topic, 'a');
  world.endTick(600);
  world.publish(topic, 'b');
  world.endTick(600);
  book.drain();
  assert.equal(book.take(), ['skipped 1-1', '2-2 b']);
});

test('one that has left is not sent anything, and holds nothing', () => {
  const { world, topic } = begin(0);
  const book = new NoteBook();
  const subscription = subscribe(topic, book);
  book.full = true;
  world.publish(topic, 'a');
  world.endTick();
  subscription.leave();
  book.drain();
  subscription.pump();
  assert.equal(book.take(), []);
  for (let i = 0; i < 3; i++) topic.sweep();
  assert.is(topic.log.bytes, 0);
});

test.run();
