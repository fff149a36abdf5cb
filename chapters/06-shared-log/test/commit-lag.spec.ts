/** Subscriptions with windows: what a commit lets through, and what a client lags. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Start } from '#protocol';
import { messages } from './support.ts';
import { MINUTE, refusal, withWorld } from './world.ts';

test(
  'a window of 1 on a batch of a thousand: one message, one commit',
  withWorld({}, async (world) => {
    const ann = world.join();
    ann.subscribe({ window: 1 });
    ann.publish(...Array.from({ length: 1_000 }, (_, i) => `${i + 1}`));
    await world.endTurn();
    for (let id = 1; id <= 1_000; id++) {
      assert.equal(ann.take(), [`${id}-${id} ${id}`], 'one message');
      assert.is(ann.client.lag, 1_001 - id, 'its lag');
      assert.is(
        refusal(() => ann.commit(id + 1)),
        'BAD_COMMIT',
        'it was not sent that yet',
      );
      ann.commit(id);
    }
    assert.equal(ann.take(), [], 'something came twice');
  }),
);

test(
  'lag: what is published and not settled; without a window, what is not sent yet',
  withWorld({}, async (world) => {
    const [ann, ben, cat] = [world.join(), world.join(), world.join()];
    ben.subscribe();
    cat.subscribe({ window: 10 });
    ben.full = true;
    for (let i = 1; i <= 5; i++) ann.publish(`${i}`);
    assert.equal([ben.client.lag, cat.client.lag], [5, 5], 'what is in the open frame counts');
    await world.endTurn();
    assert.equal([ben.client.lag, cat.client.lag], [5, 5], 'not sent; sent, and not committed');
    ben.drain();
    cat.commit(3);
    assert.equal([ben.client.lag, cat.client.lag], [0, 2], 'sent; three of five committed');
    cat.subscribe({ topic: 'other', window: 10 });
    ann.publish('6');
    assert.is(cat.client.lag, 3, 'the sum of its subscriptions');
    await world.endTurn();
    cat.commit(6);
    assert.is(cat.client.lag, 0, 'all are settled');
  }),
);

test(
  'one that comes for more than it may lag behind gets it all, as long as it keeps up with what is new',
  withWorld({ maxLagMessages: 10, maxLagBytes: 1_000 }, async (world) => {
    const [ann, ben] = [world.join(), world.join()];
    ann.create('t', MINUTE);
    for (let i = 1; i <= 100; i++) ann.publish(`${i}`.padEnd(50, '.'));
    await world.endTurn();
    ben.subscribe({ start: Start.EARLIEST, window: 5 });
    for (let i = 101; i <= 110; i++) ann.publish(`${i}`);
    await world.endTurn();
    assert.is(ben.failure, undefined, 'it was ended for what lay there before it came');
    let last = 0;
    while (last < 110) {
      for (const line of messages(ben.take())) last = Number.parseInt(line, 10);
      ben.commit(last);
    }
    assert.is(ben.client.lag, 0, 'its lag');
  }),
);

test(
  'a gap is told when the window has room for what comes after it',
  withWorld({}, async (world) => {
    const [ann, ben] = [world.join(), world.join()];
    ann.create('t', { retentionMs: 1_000, dedupeMs: 0 });
    ben.subscribe({ window: 2 });
    ann.publish('a', 'b', 'c');
    await world.endTurn(600);
    ann.publish('d');
    await world.endTurn(600);
    assert.equal(ben.take(), ['1-2 a b'], 'as many as its window allows');
    world.sweep();
    assert.equal(ben.take(), [], 'there is no room for what comes after the gap');
    ben.commit(2);
    assert.equal(ben.take(), ['skipped 3-3', '4-4 d'], 'the gap, and what comes after it');
    ben.commit(4);
    assert.is(ben.client.lag, 0, 'its lag');
  }),
);

test.run();
