import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PlainSubscription } from '../../delivery/plain-subscription.ts';
import type { BrokerLimits } from '../../limits.ts';
import { SlowReaders } from '../../topics/slow-readers.ts';
import type { Topic } from '../../topics/topic.ts';
import type { Hold, Publisher } from '../../topics/topic-reader.ts';
import { NoteBook, subscribe as subscribeAt, World } from '../support.ts';

/** A client that reads and publishes. */
class Client extends NoteBook implements Publisher {
  hold(by: Hold): void {
    this.heldBy.add(by);
  }
  release(by: Hold): void {
    this.heldBy.delete(by);
  }
}

function subscribe(topic: Topic, book: NoteBook, window = 0): PlainSubscription {
  return subscribeAt(topic, book, { window });
}

/** Publish as a session does. */
function publish(world: World, topic: Topic, publisher: Publisher | undefined, count: number): void {
  for (let i = 0; i < count; i++) {
    if (publisher?.heldBy.size) return;
    world.publish(topic, 'x'.repeat(100));
    if (publisher && topic.slow.blocked) topic.slow.published(publisher);
    world.endTick();
  }
}

function begin(limits: Partial<BrokerLimits>): { world: World; topic: Topic } {
  const world = new World(limits);
  return { world, topic: world.topic() };
}

for (const [what, limits] of [
  ['messages', { maxLagMessages: 10 }],
  ['bytes', { maxLagBytes: 1_300 }],
] as const) {
  test(`disconnect: beyond its limit of ${what}, and not before`, () => {
    const { world, topic } = begin({ ...limits, slowPolicy: 'disconnect' });
    const [slow, quick] = [new NoteBook(), new NoteBook()];
    subscribe(topic, slow);
    subscribe(topic, quick);
    slow.full = true;
    publish(world, topic, undefined, 10);
    assert.is(slow.slow, 0);
    publish(world, topic, undefined, 1);
    assert.is(slow.slow, 1);
    assert.is(topic.readers.length, 1);
    assert.is(quick.take().length, 11);
  });

  test(`skip: beyond its limit of ${what} it is told what it lost, and goes on`, () => {
    const { world, topic } = begin({ ...limits, slowPolicy: 'skip' });
    const slow = new NoteBook();
    subscribe(topic, slow);
    slow.full = true;
    publish(world, topic, undefined, 25);
    assert.ok(topic.log.bytes <= 4_096 * 2, 'what nobody can get is not kept');
    slow.drain();
    publish(world, topic, undefined, 1);
    const found = slow.take();
    assert.is(found[0], 'skipped 1-22');
    assert.equal(
      found.slice(1).map((line) => Number.parseInt(line, 10)),
      [23, 24, 25, 26],
    );
  });

  test(`block: beyond its limit of ${what} publishers wait, until half of it is read`, () => {
    const { world, topic } = begin({ ...limits, slowPolicy: 'block' });
    const slow = new NoteBook();
    const subscription = subscribe(topic, slow, 1_000);
    const publishers = [new Client(), new Client()] as const;
    slow.full = true;
    publish(world, topic, publishers[0], 100);
    publish(world, topic, publishers[1], 100);
    assert.equal(
      publishers.map(({ heldBy }) => heldBy.size),
      [1, 1],
    );
    assert.is(topic.log.lastId, 13, 'each could publish once more');
    // It reads some, but too few.
    subscription.cursor.moveTo(5);
    topic.caughtUp(subscription);
    assert.is(publishers[0].heldBy.size, 1);
    slow.drain();
    assert.equal(
      publishers.map(({ heldBy }) => heldBy.size),
      [0, 0],
    );
    assert.is(topic.slow.blocked, false);
  });
}

test('a window that nobody commits is a lag as any other', () => {
  const { world, topic } = begin({ maxLagMessages: 10, slowPolicy: 'disconnect' });
  const book = new NoteBook();
  subscribe(topic, book, 2);
  publish(world, topic, undefined, 12);
  assert.is(book.slow, 0);
  publish(world, topic, undefined, 1);
  assert.is(book.slow, 1);
});

test('what was there before it subscribed is no lag', () => {
  const { world, topic } = begin({ maxLagMessages: 10, maxLagBytes: 2_000, slowPolicy: 'disconnect' });
  topic.create({ retentionMs: 60_000, dedupeMs: 0 });
  publish(world, topic, undefined, 100);
  const book = new NoteBook();
  book.full = true;
  subscribeAt(topic, book, { nextId: 1 });
  publish(world, topic, undefined, 10);
  assert.is(book.slow, 0);
  publish(world, topic, undefined, 1);
  assert.is(book.slow, 1);
});

test('the one that publishers wait for leaves: they go on', () => {
  const { world, topic } = begin({ maxLagMessages: 5, slowPolicy: 'block' });
  const slow = [new NoteBook(), new NoteBook()] as const;
  const subscriptions = slow.map((book) => subscribe(topic, book));
  for (const book of slow) book.full = true;
  const publisher = new Client();
  publish(world, topic, publisher, 20);
  assert.is(publisher.heldBy.size, 1);
  subscriptions[0]!.leave();
  assert.is(publisher.heldBy.size, 1, 'there is another');
  subscriptions[1]!.leave();
  assert.is(publisher.heldBy.size, 0);
});

test('a publisher that waits for two topics goes on when both let it', () => {
  const world = new World({ maxLagMessages: 1, slowPolicy: 'block' });
  const topics = [world.topic('a'), world.topic('b')] as const;
  const books = topics.map((topic) => {
    const book = new NoteBook();
    book.full = true;
    subscribe(topic, book);
    publish(world, topic, undefined, 2);
    return book;
  });
  const publisher = new Client();
  for (const topic of topics) topic.slow.published(publisher);
  assert.is(publisher.heldBy.size, 2);
  books[0]?.drain();
  assert.equal([...publisher.heldBy], [topics[1].slow]);
  books[1]?.drain();
  assert.is(publisher.heldBy.size, 0);
});

test('a publisher that is its own slow reader is a deadlock: it is disconnected', () => {
  const { world, topic } = begin({ maxLagMessages: 5, slowPolicy: 'block' });
  const client = new Client();
  subscribe(topic, client, 1);
  publish(world, topic, client, 20);
  assert.is(client.slow, 1);
  assert.is(topic.slow.blocked, false);
});

test('two that wait for one another: one is disconnected, the other goes on', () => {
  const world = new World({ maxLagMessages: 5, slowPolicy: 'block' });
  const [a, b] = [world.topic('a'), world.topic('b')];
  const [ann, ben] = [new Client(), new Client()];
  subscribe(a, ann, 1);
  subscribe(b, ben, 1);
  publish(world, a, ben, 20);
  assert.is(ben.heldBy.size, 1, 'ben waits for ann');
  publish(world, b, ann, 20);
  assert.is(ann.slow + ben.slow, 1);
  const [gone, left] = ann.slow === 1 ? [ann, ben] : [ben, ann];
  assert.is(gone.slow, 1);
  assert.is(left.heldBy.size, 0);
});

test('a chain is no deadlock: nobody is disconnected', () => {
  const world = new World({ maxLagMessages: 5, slowPolicy: 'block' });
  const [incoming, outgoing] = [world.topic('in'), world.topic('out')];
  const [source, worker, sink] = [new Client(), new Client(), new Client()];
  subscribe(incoming, worker, 1);
  subscribe(outgoing, sink, 1);
  publish(world, outgoing, worker, 20);
  publish(world, incoming, source, 20);
  assert.equal(
    [source, worker, sink].map(({ heldBy, slow }) => [heldBy.size, slow]),
    [
      [1, 0],
      [1, 0],
      [0, 0],
    ],
  );
});

test('a publisher that is gone is forgotten', () => {
  const slow = new SlowReaders(new World());
  const publisher = new Client();
  slow.published(publisher);
  assert.is(publisher.heldBy.size, 0, 'nothing blocks');
  slow.forget(publisher);
});

test.run();
