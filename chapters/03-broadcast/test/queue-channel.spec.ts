import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { QueueChannel, type QueueReceiver } from '#broadcast/naive';
import { guarded } from './guarded.ts';

const queueSuite = suite('a queue for each receiver');

/** So many reads, one behind the other. */
const read = (receiver: QueueReceiver<number>, count: number) =>
  Array.from({ length: count }, () => receiver.tryReceive());

queueSuite(
  'every receiver gets every value, in order, at its own pace',
  guarded(() => {
    const channel = new QueueChannel<number>();
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    assert.is(channel.receivers, 2, 'two receivers');
    assert.equal([channel.publish(1), channel.publish(2)], [2, 2], 'each value goes to two');
    assert.equal(read(ann, 2), [1, 2], 'what ann reads first');
    channel.publish(3);
    assert.equal(read(ann, 2), [3, undefined], 'what ann reads then');
    assert.equal(read(bob, 4), [1, 2, 3, undefined], 'what bob reads at once');
  }),
);

queueSuite(
  'a receiver gets only what is published after it subscribed',
  guarded(() => {
    const channel = new QueueChannel<number>();
    assert.is(channel.publish(1), 0, 'nobody is there');
    const ann = channel.subscribe();
    channel.publish(2);
    assert.equal(read(ann, 2), [2, undefined], 'what ann reads');
  }),
);

queueSuite(
  'falsy values are values',
  guarded(() => {
    const channel = new QueueChannel<number | string | boolean>();
    const ann = channel.subscribe();
    for (const value of [0, '', false]) {
      channel.publish(value);
      assert.is(ann.lag, 1, `the lag with ${JSON.stringify(value)} in the queue`);
      assert.is(ann.tryReceive(), value, JSON.stringify(value));
    }
  }),
);

queueSuite(
  'a receiver that closes gets nothing more and holds nothing',
  guarded(() => {
    const channel = new QueueChannel<number>();
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    channel.publish(1);
    ann.close();
    assert.is(channel.receivers, 1, 'how many receivers are left');
    assert.is(channel.publish(2), 1, 'the next value goes to one');
    assert.equal([ann.tryReceive(), ann.lag], [undefined, 0], 'what ann has');
    assert.equal(read(bob, 3), [1, 2, undefined], 'what bob reads');
  }),
);

queueSuite(
  'where it breaks: nothing bounds what a receiver holds that does not read',
  guarded(() => {
    const channel = new QueueChannel<number>();
    const sleeper = channel.subscribe();
    for (let value = 0; value < 100_000; value += 1) channel.publish(value);
    assert.is(sleeper.lag, 100_000, 'all of it waits');
  }),
);

queueSuite.run();
