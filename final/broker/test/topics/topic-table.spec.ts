import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ProtocolError, Start } from '#protocol';
import { Inboxes } from '../../topics/inboxes.ts';
import { TopicSweep } from '../../topics/topic-sweep.ts';
import { NoteBook, subscribe, World } from '../support.ts';

/** A turn of the event loop. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A round of the sweep from its beginning to its end. Tells whether nothing is left for time to take away. */
async function round(world: World, pieceSize?: number): Promise<{ settled: boolean; turns: number }> {
  const { topics, limits, scheduler, faults } = world;
  const sweep = new TopicSweep(
    {
      topics,
      inboxes: new Inboxes(world),
      limits,
      scheduler,
      faults: { report: (f) => faults.push(f) },
    },
    pieceSize,
  );
  let settled: boolean | undefined;
  sweep.begin((is) => {
    settled = is;
  });
  let turns = 1;
  for (; settled === undefined; turns++) await turn();
  world.endTick();
  return { settled, turns };
}

test('a topic that holds nothing vanishes when it was not used for a while', async () => {
  const world = new World({ topicIdleMs: 100 });
  const topic = world.topic();
  world.publish(topic, 'a');
  world.endTick(99);
  assert.equal(await round(world), { settled: false, turns: 1 }, 'its time has not come, but will');
  assert.is(world.topics.get('t'), topic, 'after 99 ms it is there');
  world.endTick(1);
  assert.equal(await round(world), { settled: true, turns: 1 }, 'nothing is left');
  assert.is(world.topics.get('t'), undefined, 'after 100 ms it is gone');
  assert.is(topic.forgotten, true, 'and says so');
  assert.is(world.topics.published, 1, 'what was published to it still counts');
});

test('what is retained, read or created keeps a topic', async () => {
  const world = new World({ topicIdleMs: 100 });
  const [kept, made] = [world.topic('kept'), world.topic('made')];
  kept.create({ retentionMs: 60_000, dedupeMs: 0 });
  made.create({ retentionMs: 0, dedupeMs: 0 });
  world.publish(kept, 'a');
  const book = new NoteBook();
  subscribe(world.topic('read'), book);
  world.endTick(10_000);
  await round(world);
  assert.equal(
    [...world.topics].map(({ name }) => name),
    ['kept', 'made', 'read'],
    'all are there',
  );
  book.leave();
  world.endTick(100);
  await round(world);
  assert.equal(
    [...world.topics].map(({ name }) => name),
    ['kept', 'made'],
    'nobody reads the third any more',
  );
});

test('ids go on when a topic comes back: no gap for one who resumes, nothing twice', async () => {
  const world = new World({ topicIdleMs: 100 });
  world.publish(world.topic(), 'a', 'b');
  world.endTick(100);
  await round(world);
  assert.is(world.topics.get('t'), undefined, 'it vanished');
  assert.is(world.topics.lastIdOf('t'), 2, 'its last id is remembered');
  const topic = world.topic();
  const { nextId, skippedFrom } = topic.place(Start.AFTER, 2);
  assert.equal([nextId, skippedFrom], [3, 3], 'no gap');
  assert.is(topic.place(Start.EARLIEST, 0).nextId, 3, 'nothing old');
  const book = new NoteBook();
  subscribe(topic, book, { nextId });
  world.publish(topic, 'c');
  world.endTick();
  assert.equal(book.take(), ['3-3 c'], 'its ids go on');
  assert.is(world.topics.published, 3, 'each message counts once');
});

test('a round goes on in pieces, and ends though topics come back meanwhile', async () => {
  const world = new World({ topicIdleMs: 1, maxTopics: 100 });
  for (let i = 0; i < 95; i++) world.topic(`t${i}`);
  world.endTick(1);
  const { turns } = await round(world, 10);
  assert.ok(turns >= 9 && turns <= 12, `95 topics, 10 in one turn: ${turns} turns`);
  assert.is(world.topics.size, 0, 'all are gone');
});

test('with too many topics one that holds nothing makes room at once', () => {
  const world = new World({ maxTopics: 3 });
  const book = new NoteBook();
  subscribe(world.topic('read'), book);
  world.publish(world.topic('idle'), 'a');
  world.topic('made').create({ retentionMs: 0, dedupeMs: 0 });
  world.endTick();
  world.topic('new');
  assert.equal(
    [...world.topics].map(({ name }) => name),
    ['read', 'made', 'new'],
    'idle made room',
  );
  world.topic('new').create({ retentionMs: 0, dedupeMs: 0 });
  assert.throws(
    () => world.topic('more'),
    (error: unknown) => error instanceof ProtocolError && error.code === 'LIMIT',
    'nothing can make room',
  );
  assert.is(world.topics.lastIdOf('idle'), 1, 'its ids will go on');
});

test('a full table costs a refused request little, however many it holds', () => {
  const world = new World({ maxTopics: 20_000 });
  for (let i = 0; i < 20_000; i++) world.topic(`t${i}`).create({ retentionMs: 0, dedupeMs: 0 });
  const start = performance.now();
  let refused = 0;
  for (let i = 0; i < 5_000; i++) {
    try {
      world.topic(`more${i}`);
    } catch {
      refused++;
    }
  }
  assert.is(refused, 5_000, 'all are refused');
  // A walk over all topics for each would take a hundred million steps.
  assert.ok(performance.now() - start < 5_000, 'each looks at a few only');
});

test('deleted: readers stay, are told what they do not get, and go on', () => {
  const world = new World();
  const topic = world.topic();
  topic.create({ retentionMs: 60_000, dedupeMs: 60_000 });
  const [ready, full] = [new NoteBook(), new NoteBook()];
  full.full = true;
  for (const book of [ready, full]) subscribe(topic, book);
  world.publish(topic, ['k', 'a'], 'b');
  world.endTick();
  world.topics.delete(topic);
  assert.equal(
    [world.topics.get('t'), topic.forgotten],
    [topic, false],
    'it is there as long as somebody reads it',
  );
  assert.equal(topic.settings, { retentionMs: 0, dedupeMs: 0 }, 'its settings are gone');
  assert.is(world.publish(topic, ['k', 'c']), 1, 'its keys are forgotten');
  world.endTick();
  full.drain();
  world.endTick();
  assert.equal(ready.take(), ['1-2 a b', '3-3 c'], 'had it all before');
  assert.equal(full.take(), ['skipped 1-2', '3-3 c'], 'is told what it will never get');
});

test('deleted with nobody there: gone at once, ids go on', () => {
  const world = new World();
  const topic = world.topic();
  topic.create({ retentionMs: 60_000, dedupeMs: 0 });
  world.publish(topic, 'a');
  world.topics.delete(topic);
  assert.equal([world.topics.get('t'), topic.forgotten], [undefined, true], 'it is gone');
  const again = world.topic();
  assert.equal([again.log.lastId, again.settings.retentionMs], [1, 0], 'ids go on, settings do not');
});

test('publishers that wait for a reader go on when what it has not read is purged', () => {
  const world = new World({ slowPolicy: 'block', maxLagMessages: 2 });
  const topic = world.topic();
  const book = new NoteBook();
  book.full = true;
  subscribe(topic, book);
  world.publish(topic, 'a', 'b', 'c');
  world.endTick();
  assert.is(topic.slow.blocked, true, 'three wait, two may');
  topic.purge(3);
  assert.is(topic.slow.blocked, false, 'there is nothing to wait for any more');
});

test.run();
