import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { BrokerLimits } from '../../limits.ts';
import type { Topic } from '../../topics/topic.ts';
import { NoteBook, subscribe, World } from '../support.ts';

const KiB = 1024;
const MiB = 1_048_576;

/** Publish so many messages of a kibibyte as a session does, each in a tick of its own. */
function publish(world: World, topic: Topic, count: number): void {
  for (let i = 0; i < count; i++) {
    world.publish(topic, 'x'.repeat(KiB));
    if (world.memory.full) world.memory.makeRoom();
    world.endTick(1);
  }
}

function begin(limits: Partial<BrokerLimits> = {}): World {
  return new World({ maxTotalRetainedBytes: MiB, ...limits });
}

/** Bytes of all segments that the logs of these topics can reach. */
function reachable(...topics: Topic[]): number {
  let bytes = 0;
  for (const { log } of topics) {
    for (let segment: typeof log.head | undefined = log.head; segment; segment = segment.next) {
      bytes += segment.bytes.length;
    }
  }
  return bytes;
}

test('what many topics retain together stays within the bound; the largest give up their oldest', () => {
  const world = begin();
  const topics = Array.from({ length: 8 }, (_, i) => world.topic(`t${i}`));
  for (const topic of topics) topic.create({ retentionMs: 3_600_000, dedupeMs: 0 });
  const [small, ...large] = topics as [Topic, ...Topic[]];
  publish(world, small, 10);
  for (let round = 0; round < 30; round++) for (const topic of large) publish(world, topic, 20);
  const { retainedBytes, droppedMessages, droppedBytes, memoryState } = world.memory.report();
  assert.ok(retainedBytes <= MiB, `${retainedBytes} bytes are held`);
  assert.ok(retainedBytes > MiB / 2, `only ${retainedBytes} bytes are held`);
  assert.is(retainedBytes, reachable(...topics), 'what is counted, and what is held');
  assert.is(small.firstId, 1, 'a small topic gave up its messages');
  const kept = topics.reduce((sum, { log }) => sum + log.lastId - log.firstId + 1, 0);
  assert.is(droppedMessages, 10 + 7 * 600 - kept, 'messages that are counted as dropped');
  assert.ok(droppedBytes > 2 * MiB, `${droppedBytes} bytes are counted as dropped`);
  assert.is(memoryState, 'dropping', 'the state');
  world.now += 60_000;
  assert.is(world.memory.report().memoryState, 'ok', 'the state when nothing was dropped for a while');
});

test('the log is told of it once a minute at most', () => {
  const world = begin();
  const topic = world.topic();
  topic.create({ retentionMs: 3_600_000, dedupeMs: 0 });
  publish(world, topic, 5_000);
  assert.is(world.warnings.length, 1, `warnings: ${world.warnings.join('; ')}`);
  world.now += 60_000;
  publish(world, topic, 2_000);
  assert.is(world.warnings.length, 2, `warnings: ${world.warnings.join('; ')}`);
});

test('a reader of what is dropped is told, and goes on', () => {
  const world = begin();
  const topic = world.topic();
  topic.create({ retentionMs: 3_600_000, dedupeMs: 0 });
  const [slow, quick] = [new NoteBook(), new NoteBook()];
  subscribe(topic, slow, { window: 1 });
  subscribe(topic, quick);
  publish(world, topic, 3_000);
  const ids = quick.take().map((line) => line.split(' ', 1)[0]);
  assert.equal(
    ids,
    Array.from({ length: 3_000 }, (_, i) => `${i + 1}-${i + 1}`),
    'one that keeps up',
  );
  assert.is(slow.take().length, 1, 'its window is full');
  slow.subscriptions[0]?.commit(1);
  const [skipped = '', next = ''] = slow.take();
  assert.match(skipped, /^skipped 2-\d+$/, 'what it is told');
  assert.is(Number(next.split('-', 1)[0]), Number(skipped.split('-')[1]) + 1, 'where it goes on');
});

for (const [slowPolicy, ended] of [
  ['disconnect', 1],
  ['skip', 0],
] as const) {
  test(`what nothing but slow readers need, each within its own limit: ${slowPolicy}`, () => {
    const world = begin({ slowPolicy, maxLagBytes: 16 * MiB });
    const books = Array.from({ length: 10 }, () => new NoteBook());
    const topics = books.map((book, i) => {
      const topic = world.topic(`t${i}`);
      subscribe(topic, book, { window: 1 });
      return topic;
    });
    for (let round = 0; round < 20; round++) for (const topic of topics) publish(world, topic, 20);
    const { retainedBytes } = world.memory.report();
    assert.ok(retainedBytes <= MiB, `${retainedBytes} bytes are held`);
    assert.is(retainedBytes, reachable(...topics), 'what is counted, and what is held');
    assert.is(
      books.some(({ slow }) => slow > 0),
      ended === 1,
      'whether a reader was ended',
    );
  });
}

test('block: publishers wait before anything is dropped, and go on when there is room', () => {
  const world = begin({ slowPolicy: 'block', maxLagBytes: 64 * MiB, maxTotalRetainedBytes: 12 * MiB });
  const topic = world.topic();
  const book = new NoteBook();
  subscribe(topic, book, { window: 1 });
  let published = 0;
  while (!topic.slow.blocked && published < 30_000) {
    publish(world, topic, 1);
    published++;
  }
  assert.ok(topic.slow.blocked, 'publishers of a topic that fills the memory go on');
  assert.is(world.memory.report().droppedMessages, 0, 'messages that were dropped');
  // Whoever cannot be made to wait publishes on.
  publish(world, topic, 10_000);
  assert.ok(world.memory.bytes <= 14 * MiB, `${world.memory.bytes} bytes are held`);
  book.subscriptions[0]?.commit(1);
  book.subscriptions[0]?.skipUnread();
  book.subscriptions[0]?.pump();
  topic.sweep();
  assert.not.ok(topic.slow.blocked, 'publishers wait for one that has caught up');
});

test('keys: what many topics remember stays within the bound, and the oldest are forgotten', () => {
  const world = begin();
  const topics = Array.from({ length: 20 }, (_, i) => world.topic(`t${i}`));
  for (const topic of topics) topic.create({ retentionMs: 0, dedupeMs: 3_600_000 });
  for (let i = 0; i < 2_000; i++) {
    for (const topic of topics) world.publish(topic, [`${i}`.padEnd(128, '.'), 'x']);
    if (world.memory.full) world.memory.makeRoom();
    world.endTick(1);
  }
  const { retainedBytes } = world.memory.report();
  assert.ok(retainedBytes <= MiB + 200 * KiB, `${retainedBytes} bytes are held`);
  assert.ok(retainedBytes > MiB / 3, `only ${retainedBytes} bytes are held`);
  const topic = topics[0] as Topic;
  assert.is(world.publish(topic, ['1999'.padEnd(128, '.'), 'x']), 0, 'the newest key was forgotten');
  assert.is(world.publish(topic, ['0'.padEnd(128, '.'), 'x']), 1, 'the oldest key was remembered');
  world.now += 3_600_001;
  world.endTick(1);
  for (const each of topics) each.sweep();
  assert.is(world.memory.bytes, 0, 'keys that are too old are held, as nobody publishes any more');
});

test('refuse: nothing is dropped, and there is room again when something goes', () => {
  const world = begin({ memoryPolicy: 'refuse' });
  const topic = world.topic();
  topic.create({ retentionMs: 10_000, dedupeMs: 0 });
  let published = 0;
  while (!world.memory.refusing && published < 3_000) {
    publish(world, topic, 1);
    published++;
  }
  assert.ok(world.memory.refusing, 'it takes more than it may hold');
  assert.is(topic.firstId, 1, 'the oldest message');
  assert.is(world.memory.report().memoryState, 'refusing', 'the state');
  world.now += 20_000;
  world.endTick(1);
  topic.sweep();
  assert.not.ok(world.memory.refusing, 'it refuses when everything is gone');
  assert.is(world.memory.bytes, 0, 'bytes that are held');
});

test('a topic that is forgotten is not counted any more', () => {
  const world = begin();
  const topic = world.topic();
  topic.create({ retentionMs: 10_000, dedupeMs: 10_000 });
  publish(world, topic, 10);
  world.publish(topic, ['key', 'x']);
  assert.ok(topic.heldBytes > 0, 'it holds nothing');
  topic.forget();
  assert.is(world.memory.bytes, 0, 'bytes that are counted');
});

test.run();
