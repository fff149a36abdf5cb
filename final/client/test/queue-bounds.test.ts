/** What a client holds is bounded, also while it waits for an answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBroker, welcome } from './fake-broker.ts';
import { join, startBroker, until } from './support.ts';

const timeout = 30_000;
const MIB = 1_048_576;

test('a broker that never confirms: publishes are refused before they fill the memory', {
  timeout,
}, async (t) => {
  const broker = new FakeBroker((frame, fake) => frame.type === 'PUBLISH' || welcome(frame, fake));
  const client = await broker.connect({ highWaterBytes: MIB });
  t.after(() => client.close({ deadline: 0 }));
  for (const size of [10_000, 0]) {
    const payload = new Uint8Array(size);
    let taken = 0;
    let refusal: { code?: string; message: string } | undefined;
    for (; taken < 100_000 && refusal === undefined; taken++) {
      const options = { confirm: true, key: 'k', timeout: 20_000 } as const;
      client.publish('news', payload, options).catch((error) => {
        if (error.code !== 'CLOSED') refusal = error;
      });
      // In turns of their own, so that each goes out at once and only its confirmation is awaited.
      if (taken % 100 === 0) await new Promise(setImmediate);
    }
    assert.equal(refusal?.code, 'OVERFLOW', `${taken} publishes of ${size} bytes were taken`);
    assert.match(refusal?.message ?? '', /publish to news .*sent or confirmed: wait for ready/, 'what to do');
    assert.equal(client.writable, false, 'and that could be seen');
  }
});

test('a publish that is repeated is the one that was given, whatever became of its bytes', {
  timeout,
}, async (t) => {
  const sent: string[] = [];
  const broker = new FakeBroker((frame, fake) => {
    if (frame.type !== 'PUBLISH') return welcome(frame, fake);
    sent.push(...frame.records.map(({ payload }) => Buffer.from(payload).toString()));
    if (sent.length === 1) fake.end();
    else fake.send({ type: 'PUBLISHED', request: frame.request, firstId: 1, count: 1 });
  });
  const client = await broker.connect({ reconnect: { initialMs: 1 } });
  t.after(() => client.close({ deadline: 0 }));
  await client.createTopic('news', { dedupeMs: 60_000 });
  const payload = Buffer.from('first');
  const confirmed = client.publish('news', payload, { key: 'k', confirm: true, retry: true });
  payload.write('other');
  await confirmed;
  assert.deepEqual(sent, ['first', 'first'], 'the same bytes twice');
});

test('large messages: the window shrinks to the bytes that may wait, while an answer is always awaited', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t, { maxLagBytes: 128 * MIB });
  const client = await join(t, broker.port, { maxQueuedBytes: 8 * MIB });
  const other = await join(t, broker.port);
  const subscription = await client.subscribe('load');
  let pinging = true;
  const pings = (async () => {
    while (pinging) await client.ping();
  })();
  const count = 450;
  for (let i = 0; i < count; i++) {
    const payload = Buffer.alloc(100_000);
    payload.writeUInt32BE(i);
    await other.publish('load', payload, { confirm: true });
  }
  await client.ping();
  await client.ping();
  assert.ok(subscription.lag * 100_000 < 16 * MIB, `${subscription.lag} messages of 100,000 bytes wait`);
  let next = 0;
  for await (const message of subscription) {
    assert.equal(Buffer.from(message.view).readUInt32BE(), next++, 'in order, each once');
    await client.publish('done', 'one', { confirm: true });
    if (next === count) break;
  }
  assert.equal(next, count, 'nothing is missing');
  pinging = false;
  await pings;
});

test('where the window cannot shrink, the subscription that holds too much ends with OVERFLOW', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port, { maxQueuedBytes: 2 * MIB });
  const other = await join(t, broker.port);
  const small = await client.subscribe('small.*');
  const large = await client.subscribe('large', { group: 'workers' });
  let pinging = true;
  const pings = (async () => {
    while (pinging) await client.ping();
  })();
  for (let i = 0; i < 200; i++) await other.publish('large', Buffer.alloc(100_000), { confirm: true });
  await until(() => !large.active);
  assert.equal((await large.ended)?.code, 'OVERFLOW', 'its code');
  assert.match(
    (await large.ended)?.message ?? '',
    /of large wait .* smaller prefetch or window/,
    'what to do',
  );
  assert.ok(large.lag * 100_000 < 8 * MIB, `${large.lag} messages of 100,000 bytes wait`);
  assert.equal(small.active, true, 'the other goes on');
  pinging = false;
  await pings;
});
