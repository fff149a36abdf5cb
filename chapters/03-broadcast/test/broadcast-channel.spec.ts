import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BroadcastChannel, Lagged, type Receiver } from '#broadcast';
import { guarded } from './guarded.ts';
import { readAll, turn } from './reading.ts';

const channelSuite = suite('broadcast channel');

/** A channel with receivers; `wakes` gets, at each call of a receiver's callback, its name and what it read. */
function setUp(capacity: number, ...names: string[]) {
  const channel = new BroadcastChannel<number>(capacity);
  const wakes: string[] = [];
  const receivers = names.map((name) => {
    const receiver: Receiver<number> = channel.subscribe(() =>
      wakes.push(`${name} ${readAll(receiver).join(' ')}`),
    );
    return receiver;
  });
  return { channel, wakes, receivers };
}

channelSuite(
  'every receiver gets every value, in order',
  guarded(() => {
    const channel = new BroadcastChannel<number>(4);
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    assert.is(channel.receivers, 2, 'two receivers');
    assert.equal([channel.publish(1), channel.publish(2)], [2, 2], 'each value goes to two');
    assert.equal(readAll(ann), [1, 2], 'what ann reads first');
    channel.publish(3);
    assert.equal(readAll(ann), [3], 'what ann reads then');
    assert.equal(readAll(bob), [1, 2, 3], 'what bob reads at once');
    assert.equal([channel.capacity, channel.next], [4, 3], 'capacity, and the next sequence number');
  }),
);

channelSuite(
  'all receivers see one and the same object',
  guarded(() => {
    const channel = new BroadcastChannel<Buffer>(4);
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    const payload = Buffer.from('hay');
    channel.publish(payload);
    assert.is(ann.tryReceive(), payload, 'what ann gets');
    assert.is(bob.tryReceive(), payload, 'what bob gets');
  }),
);

channelSuite(
  'a receiver sees only what is published after it subscribed',
  guarded(() => {
    const channel = new BroadcastChannel<number>(4);
    assert.is(channel.publish(1), 0, 'nobody is there');
    const ann = channel.subscribe();
    channel.publish(2);
    const bob = channel.subscribe();
    channel.publish(3);
    assert.equal(readAll(ann), [2, 3], 'what ann reads');
    assert.equal(readAll(bob), [3], 'what bob reads');
  }),
);

channelSuite(
  'an overrun receiver is told how many it missed, then goes on at the oldest kept',
  guarded(() => {
    const channel = new BroadcastChannel<number>(4);
    const [slow, fast] = [channel.subscribe(), channel.subscribe()];
    for (let value = 1; value <= 11; value += 1) {
      channel.publish(value);
      assert.equal(readAll(fast), [value], 'who keeps up misses nothing');
    }
    assert.is(slow.lag, 11, 'the lag before the loss is told');
    assert.equal(slow.tryReceive(), new Lagged(7), 'seven of eleven are gone');
    assert.is(slow.lag, 4, 'the lag after it');
    assert.equal(readAll(slow), [8, 9, 10, 11], 'the four that are kept');
  }),
);

channelSuite(
  'receive() waits, and the values of one turn wake it once',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    const ann = channel.subscribe();
    let settled = 0;
    const first = ann.receive().then((received) => {
      settled += 1;
      return received;
    });
    await turn();
    assert.is(settled, 0, 'nothing was published');
    channel.publish(1);
    channel.publish(2);
    assert.equal([await first, await ann.receive()], [1, 2], 'both values');
  }),
);

channelSuite(
  'the callback comes once a turn, however many values that turn brought',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(1000);
    const reads: number[] = [];
    const receiver: Receiver<number> = channel.subscribe(() => reads.push(readAll(receiver).length));
    for (let value = 0; value < 500; value += 1) channel.publish(value);
    assert.equal(reads, [], 'publish itself wakes nobody');
    await turn();
    assert.equal(reads, [500], 'one wake for all');
    await turn();
    assert.equal(reads, [500], 'nothing new, no wake');
    channel.publish(1);
    channel.publish(2);
    await turn();
    assert.equal(reads, [500, 2], 'the next turn');
  }),
);

channelSuite(
  'who did not read is called again when more is published',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    let calls = 0;
    const receiver = channel.subscribe(() => (calls += 1));
    channel.publish(1);
    await turn();
    await turn();
    assert.is(calls, 1, 'not again for what is already there');
    channel.publish(2);
    await turn();
    assert.is(calls, 2, 'again for what is new');
    assert.equal(readAll(receiver), [1, 2], 'nothing was lost');
  }),
);

channelSuite(
  'who has read everything by itself is not called for it',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    let calls = 0;
    const receiver = channel.subscribe(() => (calls += 1));
    channel.publish(1);
    assert.equal(readAll(receiver), [1], 'read at once');
    await turn();
    assert.is(calls, 0, 'nothing is left to read');
    channel.publish(2);
    await turn();
    assert.is(calls, 1, 'now there is');
  }),
);

channelSuite(
  'a value published by a callback wakes in the next turn, not in this one',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    const log: string[] = [];
    const ann: Receiver<number> = channel.subscribe(() => log.push(`ann ${readAll(ann).join()}`));
    const bob: Receiver<number> = channel.subscribe(() => {
      const seen = readAll(bob);
      log.push(`bob ${seen.join()}`);
      if (seen.includes(1)) channel.publish(2);
    });
    channel.publish(1);
    await turn();
    assert.equal(log, ['ann 1', 'bob 1'], 'the first turn');
    await turn();
    assert.equal(log, ['ann 1', 'bob 1', 'ann 2', 'bob 2'], 'the second turn');
  }),
);

channelSuite(
  'a receiver made by a callback is called in the next turn, not in this one',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    const log: string[] = [];
    const ann: Receiver<number> = channel.subscribe(() => {
      if (!readAll(ann).includes(1)) return;
      channel.subscribe(() => log.push('the new one'));
      channel.publish(2);
    });
    channel.publish(1);
    await turn();
    assert.equal(log, [], 'this turn');
    await turn();
    assert.equal(log, ['the new one'], 'the next turn');
  }),
);

const uncaught: unknown[] = [];
channelSuite(
  'a callback that throws keeps nobody from waking, and its error is not swallowed',
  guarded(
    async () => {
      const channel = new BroadcastChannel<number>(8);
      const broken = new Error('broken receiver');
      let calls = 0;
      channel.subscribe(() => {
        throw broken;
      });
      channel.subscribe(() => (calls += 1));
      channel.publish(1);
      await turn();
      await turn();
      assert.is(calls, 1, 'the other one was called');
      assert.equal(uncaught, [broken], 'the error came out');
    },
    (error) => uncaught.push(error),
  ),
);

channelSuite(
  'a receiver that left is not counted, not called, and reads nothing more',
  guarded(async () => {
    const { channel, wakes, receivers } = setUp(8, 'ann');
    const [ann] = receivers;
    const bob = channel.subscribe();
    channel.publish(1);
    ann?.close();
    ann?.close();
    assert.is(channel.receivers, 1, 'how many receivers are left');
    assert.is(channel.publish(2), 1, 'the next value goes to one');
    await turn();
    assert.equal(wakes, [], 'nobody called her');
    assert.equal([ann?.tryReceive(), ann?.ended, ann?.lag], [undefined, true, 0], 'she has ended');
    assert.equal(readAll(bob), [1, 2], 'what bob reads');
  }),
);

channelSuite(
  'a receiver that another one ends in its callback is not called',
  guarded(async () => {
    for (const end of ['close', 'finish'] as const) {
      const channel = new BroadcastChannel<number>(8);
      let calls = 0;
      channel.subscribe(() => bob[end]());
      const bob = channel.subscribe(() => (calls += 1));
      channel.publish(1);
      await turn();
      assert.is(calls, 0, end);
    }
  }),
);

channelSuite(
  'a receiver that finishes before the end of the turn is not called; what it has, it can read',
  guarded(async () => {
    const { channel, wakes, receivers } = setUp(8, 'ann');
    channel.publish(1);
    receivers[0]?.finish();
    await turn();
    assert.equal(wakes, [], 'no callback');
    assert.is(receivers[0]?.tryReceive(), 1, 'the value');
  }),
);

channelSuite(
  'leaving while waiting ends the wait',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    for (const leave of ['close', 'finish'] as const) {
      const ann = channel.subscribe();
      const pending = ann.receive();
      ann[leave]();
      assert.is(await pending, undefined, leave);
    }
  }),
);

channelSuite(
  'finish() keeps what is published already, and takes nothing newer',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(4);
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    channel.publish(1);
    channel.publish(2);
    ann.finish();
    assert.is(channel.receivers, 1, 'the next value goes to one');
    channel.publish(3);
    assert.equal([ann.lag, ann.ended], [2, false], 'two are left to read');
    assert.is(await ann.receive(), 1, 'the first');
    assert.equal(readAll(ann), [2], 'the second');
    assert.is(ann.ended, true, 'now it has ended');
    assert.is(await ann.receive(), undefined, 'the end');
    assert.equal(readAll(bob), [1, 2, 3], 'what bob reads');
  }),
);

channelSuite(
  'leaving a for await loop closes the receiver',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(4);
    const ann = channel.subscribe();
    channel.publish(1);
    for await (const received of ann) {
      assert.is(received, 1, 'the first value');
      break;
    }
    assert.equal([channel.receivers, ann.ended], [0, true], 'it has left');
  }),
);

channelSuite(
  'a bad capacity is refused, and named',
  guarded(() => {
    for (const capacity of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 25]) {
      assert.throws(
        () => new BroadcastChannel(capacity),
        (error: Error) => error instanceof RangeError && error.message.endsWith(`not ${capacity}`),
        `a capacity of ${capacity}`,
      );
    }
  }),
);

channelSuite.run();
