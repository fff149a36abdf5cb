import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BroadcastChannel, Lagged } from '#broadcast';
import { guarded } from './guarded.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const memorySuite = suite('broadcast channel, memory');

interface Payload {
  readonly bytes: Uint8Array;
}

/** Publish a payload that only the channel holds from then on. */
function publishOne(channel: BroadcastChannel<Payload>): WeakRef<Payload> {
  const payload = { bytes: new Uint8Array(1024) };
  channel.publish(payload);
  return new WeakRef(payload);
}

/** Is it still there after a collection? A WeakRef holds its target to the end of the turn, so that goes first. */
async function isHeld(ref: WeakRef<Payload>): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  return ref.deref() !== undefined;
}

memorySuite(
  'a value is held while one receiver has still to read it, and not longer',
  guarded(async () => {
    const channel = new BroadcastChannel<Payload>(8);
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    const ref = publishOne(channel);
    ann.tryReceive();
    assert.is(await isHeld(ref), true, 'it is still held');
    bob.tryReceive();
    assert.is(await isHeld(ref), false, 'it was let go');
  }),
);

memorySuite(
  'a stalled receiver holds a value for at most one turn of the ring',
  guarded(async () => {
    const channel = new BroadcastChannel<Payload>(4);
    const stalled = channel.subscribe();
    const ref = publishOne(channel);
    for (let i = 0; i < 3; i += 1) publishOne(channel);
    assert.is(await isHeld(ref), true, 'it is still held');
    publishOne(channel);
    assert.is(await isHeld(ref), false, 'it was let go');
    assert.equal(stalled.tryReceive(), new Lagged(1), 'the loss is told');
  }),
);

memorySuite(
  'a receiver that leaves lets go of what it has not read',
  guarded(async () => {
    const channel = new BroadcastChannel<Payload>(8);
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    const ref = publishOne(channel);
    bob.tryReceive();
    assert.is(await isHeld(ref), true, 'it is still held');
    ann.close();
    assert.is(await isHeld(ref), false, 'it was let go');
  }),
);

memorySuite(
  'who has left is not waited for',
  guarded(async () => {
    const channel = new BroadcastChannel<Payload>(8);
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    ann.finish();
    const ref = publishOne(channel);
    bob.tryReceive();
    assert.is(await isHeld(ref), false, 'it was let go');
  }),
);

memorySuite(
  'leaving after an overrun does not let go of what others still have to read',
  guarded(async () => {
    const channel = new BroadcastChannel<Payload>(2);
    const slow = channel.subscribe();
    for (let i = 0; i < 5; i += 1) publishOne(channel);
    const late = channel.subscribe();
    const ref = publishOne(channel);
    slow.close();
    assert.is(await isHeld(ref), true, 'it is still held');
    late.tryReceive();
    assert.is(await isHeld(ref), false, 'it was let go');
  }),
);

memorySuite(
  'a receiver that has finished and never reads on holds a value no longer than one turn of the ring',
  guarded(async () => {
    const channel = new BroadcastChannel<Payload>(2);
    const [ann, bob] = [channel.subscribe(), channel.subscribe()];
    const ref = publishOne(channel);
    ann.finish();
    for (let i = 0; i < 2; i += 1) publishOne(channel);
    assert.is(await isHeld(ref), false, 'it was overwritten');
    assert.is(bob.lag, 3, 'bob is still there');
  }),
);

memorySuite(
  'without receivers nothing is kept',
  guarded(async () => {
    const channel = new BroadcastChannel<Payload>(8);
    const ref = publishOne(channel);
    assert.is(await isHeld(ref), false, 'it was let go');
  }),
);

memorySuite.run();
