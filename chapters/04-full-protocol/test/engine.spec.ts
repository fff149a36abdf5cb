/** The engine in memory: what becomes of a message before it is sent. Nothing is delivered here; LAG tells what waits. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Start } from '#protocol';
import { endTurn, makeWorld, refusal } from './engine-world.ts';

const world = (options = {}) => makeWorld(options, { delivers: false });
const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i + 1}`);

const numbering = suite('topics and ids');

numbering('each topic numbers its messages from 1; what is published says which ids it got', () => {
  const ann = world().join();
  assert.equal(ann.publish('a', 'x', 'y'), { firstId: 1, count: 2 }, 'the first two');
  assert.equal(ann.publish('a', 'z'), { firstId: 3, count: 1 }, 'the third');
  assert.equal(ann.publish('b', 'x'), { firstId: 1, count: 1 }, 'another topic');
});

numbering('a duplicate gets no id, and does not count', () => {
  const ann = world().join();
  ann.create('t', 0, 60_000);
  assert.equal(
    ann.publish('t', ['k', '1'], ['k', '2'], ['l', '3']),
    { firstId: 1, count: 2 },
    'two of three',
  );
  assert.equal(ann.publish('t', ['l', '4'], ['m', '5']), { firstId: 3, count: 1 }, 'one of two');
  assert.equal(ann.publish('t', ['k', '6']), { firstId: 0, count: 0 }, 'none');
});

numbering('settings are chosen once', () => {
  const ann = world().join();
  ann.publish('t', 'x');
  ann.create('t', 60_000, 5);
  ann.create('t', 60_000, 5);
  assert.is(
    refusal(() => ann.create('t', 60_000, 6)),
    'TOPIC_EXISTS',
    'other settings',
  );
});

numbering.run();

const giving = suite('from one to all');

giving('who is subscribed gets it, at the end of the turn; who is not, does not', async () => {
  const { join } = world();
  const [ann, ben, cid] = [join(), join(), join()];
  ben.subscribe('t');
  cid.subscribe('other');
  ann.publish('t', 'x', 'y');
  assert.equal(
    [ben.wakes, ben.client.lag],
    [0, 2],
    'before the turn ends nobody is woken, but LAG counts it',
  );
  await endTurn();
  ann.publish('t', 'z');
  await endTurn();
  assert.equal([ann.client.lag, ben.client.lag, cid.client.lag], [0, 3, 0], 'what waits for each');
  assert.ok(ben.wakes >= 1, 'the subscriber was woken');
});

giving('a turn that brings more than the channel holds loses nothing', async () => {
  const { join } = world();
  const [ann, ben] = [join(), join()];
  ben.subscribe('t');
  for (const count of [255, 256, 257, 1_000, 65_535]) {
    const before = ben.client.lag;
    ann.publish('t', ...numbers(count));
    await endTurn();
    assert.is(ben.client.lag - before, count, `after ${count} messages in one turn`);
    assert.is(ben.failure, undefined, `${count} messages: the subscriber was ended`);
    if (ben.client.lag < 30_000) continue;
    ben.subscribe('t');
  }
});

giving('whoever has something to read is woken, also where the channel was emptied in between', async () => {
  for (const count of [1, 255, 256, 257, 512, 1_024]) {
    const { join } = world();
    const [ann, ben] = [join(), join()];
    ben.subscribe('t');
    ann.publish('t', ...numbers(count));
    await endTurn();
    assert.is(ben.wakes, 1, `wake-ups after ${count} messages in one turn`);
  }
});

giving('a subscriber with too much waiting ends with SLOW; publisher and others notice nothing', async () => {
  const { join } = world({ maxLagMessages: 10 });
  const [ann, slow, ben] = [join(), join(), join()];
  slow.subscribe('t');
  for (let i = 0; i < 40; i++) {
    ben.subscribe('t');
    assert.equal(ann.publish('t', ...numbers(8)).count, 8, 'the publisher is not refused');
    await endTurn();
    // Who reads its lag has taken what there is into its buffers.
    assert.is(ben.client.lag, 8, 'the other subscriber has all');
    void slow.client.lag;
  }
  assert.is((slow.failure as { code?: string } | undefined)?.code, 'SLOW', 'what the slow one ended with');
  assert.is(ben.failure, undefined, 'the other one has ended too');
});

giving(
  'in the middle of a large publish, too: what one has too much of is not thrown at the publisher',
  () => {
    const { join } = world({ maxLagMessages: 100 });
    const [ann, slow] = [join(), join()];
    slow.subscribe('t');
    assert.is(ann.publish('t', ...numbers(1_000)).count, 1_000, 'all are taken');
    assert.is((slow.failure as { code?: string } | undefined)?.code, 'SLOW', 'what the slow one ended with');
  },
);

giving.run();

const subscribing = suite('subscriptions');

subscribing('each start begins where it says', () => {
  const { join } = world();
  const ann = join();
  ann.create('t', 60_000);
  ann.publish('t', ...numbers(10));
  const waiting = (start: number, after = 0) => {
    const reader = join();
    reader.subscribe('t', { start, after });
    return reader.client.lag;
  };
  assert.is(waiting(Start.EARLIEST), 10, 'the earliest');
  assert.is(waiting(Start.LATEST), 0, 'the latest');
  assert.is(waiting(Start.LATEST, 4), 0, 'the latest, whatever the field after says');
  assert.is(waiting(Start.AFTER, 4), 6, 'after id 4');
  assert.is(waiting(Start.AFTER, 0), 10, 'after id 0');
  assert.is(
    refusal(() => waiting(Start.AFTER, 11)),
    'OUT_OF_RANGE',
    'after an id that is still to come',
  );
});

subscribing('what was published in the same turn before it comes once', () => {
  const { join } = world();
  const ann = join();
  ann.create('t', 60_000);
  ann.subscribe('other');
  ann.publish('t', 'a', 'b');
  ann.subscribe('t', { start: Start.EARLIEST });
  ann.publish('t', 'c');
  assert.is(ann.client.lag, 3, 'a, b and c');
});

subscribing('one that is refused leaves no topic behind', () => {
  const ann = world({ maxTopics: 1 }).join();
  assert.is(
    refusal(() => ann.subscribe('a', { start: Start.AFTER, after: 5 })),
    'OUT_OF_RANGE',
    'a start in the future',
  );
  ann.create('b');
  assert.is(
    refusal(() => ann.subscribe('c')),
    'LIMIT',
    'one topic too many',
  );
});

subscribing('after its end nothing waits, and nothing can be committed', () => {
  const ann = world().join();
  ann.subscribe('t', { window: 1 });
  ann.publish('t', 'x');
  assert.is(
    refusal(() => ann.client.commit('t', 1)),
    'BAD_COMMIT',
    'of what was not delivered',
  );
  ann.client.unsubscribe('t');
  assert.is(ann.client.lag, 0, 'what waits');
  for (const run of [() => ann.client.unsubscribe('t'), () => ann.client.commit('t', 0)])
    assert.is(refusal(run), 'NOT_SUBSCRIBED', 'what is not subscribed to');
});

subscribing('a client that is gone is not woken, and holds up nobody', async () => {
  const { engine, join } = world();
  const [ann, ben] = [join(), join()];
  ben.subscribe('t');
  ben.client.close();
  ann.publish('t', ...numbers(1_000));
  await endTurn();
  assert.equal([ben.wakes, ben.failure], [0, undefined], 'the one that is gone');
  engine.close();
});

subscribing.run();
