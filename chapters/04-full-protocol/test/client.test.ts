/** The client: what subscriptions get, in order, and how they end. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LeveretError } from '#framing';
import { type RunningBroker, startBroker } from '#protocol/broker';
import { type Client, type ClientOptions, ClientSubscription, connect } from '#protocol/client';
import type { Skipped } from '#topics';
import { closing } from './leftovers.ts';
import { TIMEOUT } from './patience.ts';

const timeout = TIMEOUT;
let broker: RunningBroker;
const clients: Client[] = [];

before(async () => {
  broker = await startBroker();
});
after(() => broker.close());

let topics = 0;
/** A topic that no other test uses. */
const fresh = () => `test/${++topics}`;

async function client(options: Partial<ClientOptions> = {}): Promise<Client> {
  const { host, port } = broker;
  const opened = await connect({ host, port, ...options });
  clients.push(opened);
  return opened;
}

after(async () => {
  await Promise.all(clients.map((opened) => opened.close()));
});

const hasCode = (code: string) => (error: unknown) => error instanceof LeveretError && error.code === code;

describe('publish and subscribe', () => {
  test('one by one and in a batch, in order, to oneself too', { timeout }, async () => {
    const topic = fresh();
    const [alice, bob] = [await client({ name: 'alice' }), await client({ name: 'bob' })];
    const mine = await alice.subscribe(topic);
    const his = await bob.subscribe(topic);
    assert.deepEqual(await alice.publish(topic, 'one'), { id: 1 });
    assert.deepEqual(await alice.publish(topic, 'two', { key: 'ключ' }), { id: 2 });
    const batch = [{ payload: 'three' }, { payload: Buffer.from([0, 255]), key: 'k' }];
    const { firstId, count } = await alice.publishMany(topic, batch);
    assert.deepEqual([firstId, count], [3, 2]);
    for (const subscription of [mine, his]) {
      const got = [];
      for (let i = 0; i < 4; i++) got.push(await subscription.next());
      assert.deepEqual(
        got.map((message) => [message?.id, message?.key, message?.payload.toString('latin1')]),
        [
          [1, '', 'one'],
          [2, 'ключ', 'two'],
          [3, '', 'three'],
          [4, 'k', '\x00\xff'],
        ],
      );
    }
  });

  test('from the earliest, from the latest, after an id', { timeout }, async () => {
    const topic = fresh();
    const alice = await client();
    await alice.createTopic(topic, { retentionMs: 60_000 });
    for (const text of ['a', 'b', 'c']) await alice.publish(topic, text);
    const first = async (from: 'earliest' | 'latest' | { after: number }) => {
      const reader = await client();
      const subscription = await reader.subscribe(topic, { from });
      return async () => (await subscription.next())?.text();
    };
    const [earliest, latest, resumed] = [
      await first('earliest'),
      await first('latest'),
      await first({ after: 2 }),
    ];
    await alice.publish(topic, 'd');
    assert.equal(await earliest(), 'a');
    assert.equal(await latest(), 'd');
    assert.equal(await resumed(), 'c');
    await assert.rejects(alice.subscribe(topic, { from: { after: 5 } }), hasCode('OUT_OF_RANGE'));
  });

  test('a window of 1 is lock-step; lag counts what is not committed', { timeout }, async () => {
    const topic = fresh();
    const alice = await client();
    const subscription = await alice.subscribe(topic, { window: 1 });
    for (const text of ['a', 'b', 'c']) await alice.publish(topic, text);
    const first = await subscription.next();
    assert.equal(first?.text(), 'a');
    assert.equal(await alice.lag(), 3);
    await alice.ping();
    assert.equal(subscription.waiting, 0, 'nothing comes before the commit');
    first?.commit();
    const second = await subscription.next();
    assert.equal(second?.text(), 'b');
    assert.equal(await alice.lag(), 2);
    second?.commit();
    (await subscription.next())?.commit();
    assert.equal(await alice.lag(), 0);
  });

  test('a loop that is left ends the subscription', { timeout }, async () => {
    const topic = fresh();
    const alice = await client();
    const subscription = await alice.subscribe(topic);
    await alice.publishMany(topic, [{ payload: 'a' }, { payload: 'b' }]);
    for await (const message of subscription) {
      assert.equal(message.text(), 'a');
      break;
    }
    assert.equal(await subscription.next(), undefined);
    await subscription.unsubscribe();
    const again = await alice.subscribe(topic);
    await alice.publish(topic, 'c');
    assert.equal((await again.next())?.text(), 'c');
  });

  test('unsubscribing ends a loop that waits', { timeout }, async () => {
    const alice = await client();
    const subscription = await alice.subscribe(fresh());
    const loop = (async () => {
      for await (const _ of subscription);
      return 'ended';
    })();
    await alice.ping();
    await subscription.unsubscribe();
    assert.equal(await loop, 'ended');
  });

  test('a second subscription to a topic takes the place of the first', { timeout }, async () => {
    const topic = fresh();
    const alice = await client();
    await alice.createTopic(topic, { retentionMs: 60_000 });
    await alice.publish(topic, 'a');
    const first = await alice.subscribe(topic, { from: 'latest' });
    const second = await alice.subscribe(topic, { from: 'earliest' });
    assert.equal(await first.next(), undefined);
    assert.equal((await second.next())?.text(), 'a');
    await first.unsubscribe();
    await alice.publish(topic, 'b');
    assert.equal((await second.next())?.text(), 'b', 'the end of the first leaves the second alone');
  });

  test('ids that are gone are told', { timeout }, async () => {
    const small = closing(await startBroker({ maxRetainedBytes: 2_500 }));
    const alice = closing(await connect({ port: small.port }));
    await alice.createTopic('t', { retentionMs: 60_000 });
    for (let i = 0; i < 6; i++) await alice.publish('t', Buffer.alloc(500));
    const skipped: Skipped[] = [];
    const subscription = await alice.subscribe('t', {
      from: { after: 1 },
      onSkipped: (ids) => skipped.push(ids),
    });
    const message = await subscription.next();
    assert.equal(skipped.length, 1);
    assert.equal(skipped[0]?.fromId, 2);
    assert.equal(skipped[0]?.toId, (message?.id ?? 0) - 1);
    await alice.close();
    await small.close();
  });

  test('backpressure: who does not take is not sent to, and loses nothing', { timeout }, async () => {
    const topic = fresh();
    const [alice, bob] = [await client(), await client()];
    const subscription = await bob.subscribe(topic);
    const payload = Buffer.alloc(100_000);
    const count = 200;
    for (let i = 0; i < count; i++) await alice.publish(topic, payload);
    // 20 MB are under way. What one read brought may be beyond the limit; all of it must not be.
    assert.ok(subscription.waiting < count / 2, `${subscription.waiting} of ${count} wait`);
    // An answer comes through all the same.
    assert.ok((await bob.ping()) >= 0, 'a PING is answered');
    for (let id = 1; id <= count; id++) assert.equal((await subscription.next())?.id, id);
  });
});

test('a payload is lent to a subscription, which copies it', () => {
  const host = { waiting() {}, commit() {}, unsubscribe: () => Promise.resolve() };
  const subscription = new ClientSubscription('t', host, undefined);
  const payload = Buffer.from('hello');
  subscription.receive({ type: 'MESSAGES', topic: 't', firstId: 1, records: [{ key: '', payload }] });
  payload.fill(0x7a);
  return subscription.next().then((message) => assert.equal(message?.text(), 'hello', 'what was lent'));
});

describe('errors', () => {
  test('a subscription that the broker refuses is none', { timeout }, async () => {
    const alice = await client();
    await assert.rejects(alice.subscribe('a.*'), hasCode('UNSUPPORTED'));
    await assert.rejects(alice.subscribe(fresh(), { from: { after: 5 } }), hasCode('OUT_OF_RANGE'));
    await alice.ping();
  });

  test('the largest message that fits comes through', { timeout }, async () => {
    const alice = await client();
    const topic = fresh();
    const subscription = await alice.subscribe(topic);
    const size = 1_048_576 - 12 - topic.length - 6;
    await alice.publish(topic, Buffer.alloc(size, 7));
    assert.equal((await subscription.next())?.payload.length, size);
    // A PUBLISH has four bytes less before its records than the MESSAGES that brings them.
    await assert.rejects(alice.publish(topic, Buffer.alloc(size + 1)), hasCode('BAD_REQUEST'));
    await assert.rejects(alice.publish(topic, Buffer.alloc(size + 5)), hasCode('TOO_LARGE'));
  });

  test('what nobody waits for goes to onError', { timeout }, async () => {
    const errors: string[] = [];
    const alice = await client({ onError: (error) => errors.push(error.code) });
    const subscription = await alice.subscribe(fresh());
    subscription.commit(1);
    alice.commit('nowhere', 1);
    await alice.ping();
    assert.deepEqual(errors, ['BAD_COMMIT', 'NOT_SUBSCRIBED']);
  });

  test('the broker goes: what waits is rejected, loops throw', { timeout }, async () => {
    const mortal = closing(await startBroker());
    const alice = closing(await connect({ port: mortal.port }));
    const subscription = await alice.subscribe('t');
    const rejected = assert.rejects(subscription.next(), hasCode('DISCONNECTED'));
    await mortal.close();
    await rejected;
    await assert.rejects(alice.publish('t', 'x'), hasCode('DISCONNECTED'));
    await alice.close();
  });

  test('closed by oneself: loops end, methods throw CLOSED', { timeout }, async () => {
    const alice = await client();
    const subscription = await alice.subscribe(fresh());
    const waiting = subscription.next();
    await alice.close();
    assert.equal(await waiting, undefined);
    await assert.rejects(alice.ping(), hasCode('CLOSED'));
    await alice.close();
  });
});
