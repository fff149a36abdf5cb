import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BroadcastChannel, type Received, type Receiver } from '#broadcast';
import { guarded } from './guarded.ts';

const channelSuite = suite('broadcast channel');

/** The end of this turn, after everything that was booked for it before. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Everything that can be read now: values as they are, a loss as `-n`. */
function drain(receiver: Receiver<number>): number[] {
  const seen: number[] = [];
  for (let r = receiver.tryReceive(); r !== undefined; r = receiver.tryReceive()) {
    seen.push('lagged' in r ? -r.lagged : r.value);
  }
  return seen;
}

channelSuite(
  'every receiver gets every value, in order',
  guarded(() => {
    const channel = new BroadcastChannel<number>(4);
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    assert.is(channel.receivers, 2);
    assert.is(channel.publish(1), 2);
    assert.is(channel.publish(2), 2);
    assert.equal(drain(ann), [1, 2]);
    channel.publish(3);
    assert.equal(drain(ann), [3]);
    assert.equal(drain(bob), [1, 2, 3]);
  }),
);

channelSuite(
  'all receivers see one and the same object',
  guarded(() => {
    const channel = new BroadcastChannel<Buffer>(4);
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    const payload = Buffer.from('hay');
    channel.publish(payload);
    const seen = [ann.tryReceive(), bob.tryReceive()];
    for (const received of seen) assert.ok(received && 'value' in received && received.value === payload);
  }),
);

channelSuite(
  'undefined, null and objects that look like a loss are ordinary values',
  guarded(() => {
    const channel = new BroadcastChannel<unknown>(4);
    const ann = channel.subscribe();
    for (const value of [undefined, null, { lagged: 3 }, 0]) {
      channel.publish(value);
      const received = ann.tryReceive();
      assert.ok(received && 'value' in received);
      assert.is(received.value, value);
    }
  }),
);

channelSuite(
  'a receiver sees only what is published after it subscribed',
  guarded(() => {
    const channel = new BroadcastChannel<number>(4);
    assert.is(channel.publish(1), 0);
    const ann = channel.subscribe();
    channel.publish(2);
    const bob = channel.subscribe();
    channel.publish(3);
    assert.equal(drain(ann), [2, 3]);
    assert.equal(drain(bob), [3]);
  }),
);

channelSuite(
  'a full ring is not yet a loss',
  guarded(() => {
    const channel = new BroadcastChannel<number>(4);
    const ann = channel.subscribe();
    for (const value of [1, 2, 3, 4]) channel.publish(value);
    assert.is(ann.lag, 4);
    assert.equal(drain(ann), [1, 2, 3, 4]);
  }),
);

channelSuite(
  'an overrun receiver is told how many it missed, then goes on at the oldest kept',
  guarded(() => {
    const channel = new BroadcastChannel<number>(4);
    const [slow, fast] = [channel.subscribe(), channel.subscribe()];
    for (let value = 1; value <= 11; value += 1) {
      channel.publish(value);
      assert.equal(drain(fast), [value]);
    }
    assert.is(slow.lag, 11);
    assert.equal(slow.tryReceive(), { lagged: 7 });
    assert.is(slow.lag, 4);
    assert.equal(drain(slow), [8, 9, 10, 11]);
  }),
);

channelSuite(
  'overrun again between two reads: each loss is told',
  guarded(() => {
    const channel = new BroadcastChannel<number>(2);
    const ann = channel.subscribe();
    for (const value of [1, 2, 3]) channel.publish(value);
    assert.equal(ann.tryReceive(), { lagged: 1 });
    channel.publish(4);
    assert.equal(ann.tryReceive(), { lagged: 1 });
    assert.equal(ann.tryReceive(), { value: 3 });
    channel.publish(5);
    channel.publish(6);
    assert.equal(drain(ann), [-1, 5, 6]);
  }),
);

channelSuite(
  'a ring of one keeps the newest',
  guarded(() => {
    const channel = new BroadcastChannel<number>(1);
    const ann = channel.subscribe();
    channel.publish(1);
    assert.equal(drain(ann), [1]);
    for (const value of [2, 3, 4]) channel.publish(value);
    assert.equal(drain(ann), [-2, 4]);
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
    assert.is(settled, 0);
    channel.publish(1);
    channel.publish(2);
    assert.equal(await first, { value: 1 });
    assert.equal(await ann.receive(), { value: 2 });
  }),
);

channelSuite(
  'several receive() calls at once are answered in the order they were made',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    const ann = channel.subscribe();
    const pending = [ann.receive(), ann.receive(), ann.receive()];
    channel.publish(1);
    await turn();
    channel.publish(2);
    await turn();
    channel.close();
    assert.equal(await Promise.all(pending), [{ value: 1 }, { value: 2 }, undefined]);
  }),
);

channelSuite(
  'wake comes once a turn, however many values that turn brought',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(1000);
    const wakes: number[] = [];
    const receiver = channel.subscribe({ wake: () => wakes.push(drain(receiver).length) });
    for (let value = 0; value < 500; value += 1) channel.publish(value);
    assert.is(wakes.length, 0, 'publish itself wakes nobody');
    await turn();
    assert.equal(wakes, [500]);
    await turn();
    assert.equal(wakes, [500], 'nothing new, no wake');
    channel.publish(1);
    channel.publish(2);
    await turn();
    assert.equal(wakes, [500, 2]);
  }),
);

channelSuite(
  'wake comes again only after a read that found nothing',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    let wakes = 0;
    const receiver = channel.subscribe({ wake: () => (wakes += 1) });
    channel.publish(1);
    await turn();
    channel.publish(2);
    await turn();
    assert.is(wakes, 1, 'it was told already and has not read yet');
    assert.equal(drain(receiver), [1, 2]);
    channel.publish(3);
    await turn();
    assert.is(wakes, 2);
  }),
);

channelSuite(
  'who has read everything by itself is not woken for it',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    let wakes = 0;
    const receiver = channel.subscribe({ wake: () => (wakes += 1) });
    channel.publish(1);
    assert.equal(drain(receiver), [1]);
    await turn();
    assert.is(wakes, 0);
    channel.publish(2);
    await turn();
    assert.is(wakes, 1);
  }),
);

channelSuite(
  'a value published by a wake wakes in the next turn, not in this one',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    const log: string[] = [];
    const ann = channel.subscribe({ wake: () => log.push(`ann ${drain(ann).join()}`) });
    const bob = channel.subscribe({
      wake: () => {
        const seen = drain(bob);
        log.push(`bob ${seen.join()}`);
        if (seen.includes(1)) channel.publish(2);
      },
    });
    channel.publish(1);
    await turn();
    assert.equal(log, ['ann 1', 'bob 1']);
    await turn();
    assert.equal(log, ['ann 1', 'bob 1', 'ann 2', 'bob 2']);
  }),
);

const uncaught: unknown[] = [];
channelSuite(
  'a wake that throws keeps nobody asleep, and its error is not swallowed',
  guarded(
    async () => {
      const channel = new BroadcastChannel<number>(8);
      const broken = new Error('broken receiver');
      let woken = 0;
      channel.subscribe({
        wake: () => {
          throw broken;
        },
      });
      channel.subscribe({ wake: () => (woken += 1) });
      channel.publish(1);
      await turn();
      await turn();
      assert.is(woken, 1);
      assert.equal(uncaught, [broken]);
    },
    (error) => uncaught.push(error),
  ),
);

channelSuite(
  'a receiver that left is not counted, not woken, and reads nothing more',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    let wakes = 0;
    const ann = channel.subscribe({ wake: () => (wakes += 1) });
    const bob = channel.subscribe();
    channel.publish(1);
    ann.close();
    ann.close();
    assert.is(channel.receivers, 1);
    assert.is(channel.publish(2), 1);
    await turn();
    assert.is(wakes, 0);
    assert.equal(drain(ann), []);
    assert.is(ann.ended, true);
    assert.is(ann.lag, 0);
    assert.equal(drain(bob), [1, 2]);
  }),
);

channelSuite(
  'a receiver that another one closes in its wake is not woken',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    let wakes = 0;
    channel.subscribe({ wake: () => bob.close() });
    const bob = channel.subscribe({ wake: () => (wakes += 1) });
    channel.publish(1);
    await turn();
    assert.is(wakes, 0);
  }),
);

channelSuite(
  'leaving while waiting ends the wait',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(8);
    const ann = channel.subscribe();
    const pending = ann.receive();
    ann.close();
    assert.is(await pending, undefined);
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
    assert.is(channel.receivers, 1);
    channel.publish(3);
    assert.is(ann.lag, 2);
    assert.is(ann.ended, false);
    assert.equal(await ann.receive(), { value: 1 });
    assert.equal(drain(ann), [2]);
    assert.is(ann.ended, true);
    assert.is(await ann.receive(), undefined);
    assert.equal(drain(bob), [1, 2, 3]);
  }),
);

channelSuite(
  'finish() of a receiver that waits ends the wait',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(4);
    const ann = channel.subscribe();
    const pending = ann.receive();
    ann.finish();
    assert.is(await pending, undefined);
  }),
);

channelSuite(
  'a finished receiver that is overrun is told only of what was its own',
  guarded(() => {
    const channel = new BroadcastChannel<number>(2);
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    for (const value of [1, 2, 3]) channel.publish(value);
    ann.finish();
    for (const value of [4, 5, 6, 7]) channel.publish(value);
    assert.equal(drain(ann), [-3]);
    assert.is(ann.ended, true);
    assert.equal(drain(bob), [-5, 6, 7]);
  }),
);

channelSuite(
  'a closed channel takes nothing more; receivers read what is left, then get the end',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(4);
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    const pending = bob.receive();
    channel.publish(1);
    channel.publish(2);
    channel.close();
    channel.close();
    assert.is(channel.closed, true);
    assert.is(channel.publish(3), 0);
    assert.equal(drain(ann), [1, 2]);
    assert.is(ann.ended, true);
    assert.equal(await pending, { value: 1 });
    assert.equal(await bob.receive(), { value: 2 });
    assert.is(await bob.receive(), undefined);
    assert.is(await channel.subscribe().receive(), undefined);
  }),
);

channelSuite(
  'closing the channel wakes who waits',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(4);
    let wakes = 0;
    const ann = channel.subscribe({ wake: () => (wakes += 1) });
    const pending = channel.subscribe().receive();
    channel.close();
    assert.is(await pending, undefined);
    assert.is(wakes, 1);
    assert.is(ann.ended, true);
  }),
);

channelSuite(
  'for await gives values and losses until the end',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(2);
    const ann = channel.subscribe();
    for (const value of [1, 2, 3]) channel.publish(value);
    channel.close();
    const seen: Array<Received<number>> = [];
    for await (const received of ann) seen.push(received);
    assert.equal(seen, [{ lagged: 1 }, { value: 2 }, { value: 3 }]);
  }),
);

channelSuite(
  'leaving a for await loop closes the receiver',
  guarded(async () => {
    const channel = new BroadcastChannel<number>(4);
    const ann = channel.subscribe();
    channel.publish(1);
    for await (const received of ann) {
      assert.equal(received, { value: 1 });
      break;
    }
    assert.is(channel.receivers, 0);
    assert.is(ann.ended, true);
  }),
);

channelSuite(
  'a bad capacity is refused, and named',
  guarded(() => {
    for (const capacity of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 25]) {
      assert.throws(
        () => new BroadcastChannel(capacity),
        (error: Error) => error instanceof RangeError && error.message.endsWith(`got ${capacity}`),
      );
    }
  }),
);

channelSuite.run();
