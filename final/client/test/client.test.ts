import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LeveretError } from '#framing';
import { connect, type Message } from '../index.ts';
import { join, startBroker, take, texts, until } from './support.ts';

const timeout = 20_000;

test('what one turn publishes goes out as one frame for each topic', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const frames: string[] = [];
  const stop = broker.watchFrames(({ direction, type, bytes }) => {
    if (direction === 'in' && type === 3) frames.push(Buffer.from(bytes).toString('latin1'));
  });
  t.after(stop);
  for (let i = 0; i < 10; i++) {
    client.publish('a', `a${i}`);
    client.publish('b', `b${i}`);
  }
  await client.flush();
  assert.equal(frames.length, 2);
  await client.publish('a', 'last', { confirm: true });
  assert.equal(broker.topics().find(({ name }) => name === 'a')?.lastId, 11);
});

test('confirmations carry the id of each message, and none for a duplicate', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  await client.createTopic('news', { retentionMs: 60_000, dedupeMs: 60_000 });
  const keys = ['', 'k', '', 'k', '', 'l', 'k', 'l', '', 'm'];
  const confirmations = await Promise.all(
    keys.map((key, i) => client.publish('news', `text ${i}`, { key, confirm: true })),
  );
  const subscription = await client.subscribe('news', { from: 'earliest' });
  const messages = await take(subscription, 7);
  const expected = keys.map((_, i) => messages.find((message) => message.text() === `text ${i}`)?.id);
  assert.deepEqual(
    confirmations.map(({ id }) => id),
    expected,
  );
  assert.deepEqual(
    [...expected.keys()].filter((i) => expected[i] === undefined),
    [3, 6, 7],
  );
});

test('messages of a burst larger than a frame all arrive, in order, whatever their sizes', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t, { maxFrameSize: 4_096 });
  const client = await join(t, broker.port);
  await client.createTopic('load', { retentionMs: 60_000 });
  const sent = Array.from({ length: 2_000 }, (_, i) => `${i} ${'ü'.repeat(i % 1_000)}`);
  const confirmations = await Promise.all(
    sent.map((text) => client.publish('load', text, { confirm: true })),
  );
  assert.deepEqual(
    confirmations.map(({ id }) => id),
    sent.map((_, i) => i + 1),
  );
  const subscription = await client.subscribe('load', { from: 'earliest' });
  assert.deepEqual(texts(await take(subscription, sent.length)), sent);
});

test('more records than a frame can count are split', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  await client.createTopic('load', { retentionMs: 60_000 });
  for (let i = 0; i < 70_000; i++) client.publish('load', '');
  assert.deepEqual(await client.publish('load', '', { confirm: true }), { id: 70_001 });
});

test('what is refused before it is sent', { timeout }, async (t) => {
  const broker = await startBroker(t, { maxFrameSize: 4_096 });
  const client = await join(t, broker.port);
  assert.throws(() => client.publish('', 'x'), { code: 'BAD_TOPIC' });
  assert.throws(() => client.publish('a.*', 'x'), { code: 'BAD_TOPIC' });
  assert.throws(() => client.publish('x'.repeat(256), 'x'), { code: 'BAD_TOPIC' });
  assert.throws(() => client.publish('ü'.repeat(128), 'x'), { code: 'BAD_TOPIC' });
  assert.throws(() => client.publish('x', 'x', { key: 'k'.repeat(129) }), { code: 'BAD_KEY' });
  const room = 4_096 - 12 - 1 - 6;
  assert.throws(() => client.publish('x', new Uint8Array(room + 1)), { code: 'TOO_LARGE' });
  assert.throws(() => client.publish('x', 'ü'.repeat(room / 2 + 1)), { code: 'TOO_LARGE' });
  await assert.rejects(client.publish('x', new Uint8Array(room + 1), { confirm: true }), {
    code: 'TOO_LARGE',
  });
  await assert.rejects(client.subscribe('x', { window: 65_536 }), { code: 'BAD_OPTION' });
  await assert.rejects(client.subscribe('x', { from: 'first' as 'earliest' }), {
    code: 'BAD_OPTION',
  });
  assert.deepEqual(await client.publish('x', new Uint8Array(room), { confirm: true }), { id: 1 });
});

test('a callback gets each message; one that throws is told by the event', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const errors: LeveretError[] = [];
  client.on('error', (error) => errors.push(error));
  const got: string[] = [];
  const subscription = await client.subscribe('news', {
    onMessage: (message) => {
      got.push(message.text());
      if (message.text() === 'two') throw new Error('I do not like two');
    },
  });
  for (const text of ['one', 'two', 'three']) client.publish('news', text);
  await client.flush();
  assert.deepEqual(got, ['one', 'two', 'three']);
  assert.match(errors[0]?.message ?? '', /news has thrown: I do not like two/);
  await subscription.unsubscribe();
  await client.publish('news', 'four', { confirm: true });
  assert.equal(got.length, 3);
});

test('a refusal that no promise tells comes by the event', { timeout }, async (t) => {
  const broker = await startBroker(t, { auth: { tokens: [{ token: 't', publish: ['open'] }] } });
  const client = await join(t, broker.port, { token: 't' });
  const errors: LeveretError[] = [];
  client.on('error', (error) => errors.push(error));
  client.publish('closed', 'x');
  await client.flush();
  assert.equal(errors[0]?.code, 'DENIED');
  await assert.rejects(client.publish('closed', 'x', { confirm: true }), { code: 'DENIED' });
  await client.publish('open', 'x', { confirm: true });
});

test('the window bounds what is not committed, and commits of a turn go out as one', {
  timeout,
}, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  let commits = 0;
  const stop = broker.watchFrames(({ direction, type }) => {
    if (direction === 'in' && type === 6) commits++;
  });
  t.after(stop);
  const got: Message[] = [];
  const subscription = await client.subscribe('news', {
    window: 3,
    onMessage: (message) => got.push(message),
  });
  for (let i = 0; i < 10; i++) client.publish('news', String(i));
  await client.flush();
  assert.equal(got.length, 3);
  assert.equal(await client.lag(), 10);
  for (const message of got) subscription.commit(message);
  await client.flush();
  await client.flush();
  assert.equal(got.length, 6);
  assert.equal(commits, 1);
  subscription.commit(6);
  await client.flush();
  assert.equal(await client.lag(), 4);
  assert.throws(() => subscription.commit(50), { code: 'BAD_COMMIT' });
});

test('a slow iterator holds up the broker and not the client', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const other = await join(t, broker.port);
  const slow = await client.subscribe('load', { prefetch: 100 });
  let quick = 0;
  await client.subscribe('other', { onMessage: () => quick++ });
  for (let i = 0; i < 5_000; i++) other.publish('load', `${i}`);
  for (let i = 0; i < 10; i++) other.publish('other', `${i}`);
  await other.flush();
  await until(() => quick === 10);
  assert.equal(slow.lag, 100);
  let most = 0;
  let n = 0;
  for await (const message of slow) {
    most = Math.max(most, slow.lag);
    assert.equal(message.text(), `${n++}`);
    if (n === 5_000) break;
    // Others are served meanwhile.
    if (n % 500 === 0) await client.ping();
  }
  assert.ok(most <= 100, `${most} waited`);
  assert.equal(slow.active, false);
});

test('large messages are bounded by their bytes too: the socket is not read', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port, { maxQueuedBytes: 1_000_000 });
  const other = await join(t, broker.port);
  const subscription = await client.subscribe('load');
  for (let i = 0; i < 300; i++) {
    await other.publish('load', new Uint8Array(100_000), { confirm: true });
  }
  await until(() => subscription.lag > 8);
  const held = subscription.lag;
  assert.ok(held < 60, `${held} messages of 100,000 bytes wait`);
  assert.equal((await take(subscription, 300)).length, 300);
});

test('batches hand over all that waits', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const subscription = await client.subscribe('news');
  for (let i = 0; i < 1_000; i++) client.publish('news', `${i}`);
  let n = 0;
  let batches = 0;
  for await (const batch of subscription.batches()) {
    batches++;
    for (const message of batch) assert.equal(message.text(), `${n++}`);
    if (n === 1_000) break;
  }
  assert.ok(batches < 100, `${batches} batches`);
});

test('several iterators share the messages; ending the subscription ends them', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const subscription = await client.subscribe('news');
  const iterators = [subscription[Symbol.asyncIterator](), subscription[Symbol.asyncIterator]()];
  const waiting = iterators.map((iterator) => iterator.next());
  client.publish('news', 'one');
  client.publish('news', 'two');
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ value }) => value?.text()),
    ['one', 'two'],
  );
  const last = iterators.map((iterator) => iterator.next());
  await subscription.unsubscribe();
  assert.deepEqual(
    (await Promise.all(last)).map(({ done }) => done),
    [true, true],
  );
});

test('a message keeps what it is, and little more', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const subscription = await client.subscribe('news');
  client.publish('news', new Uint8Array([1, 2, 3]), { key: 'schlüssel' });
  client.publish('news', '{"a":1}');
  client.publish('news', new Uint8Array(600_000));
  const [first, second] = await take(subscription, 3);
  assert.equal(first!.key, 'schlüssel');
  assert.deepEqual([...first!.view], [1, 2, 3]);
  const { payload } = first!;
  assert.deepEqual([...payload], [1, 2, 3]);
  // A small copy may stand in Node's pool, whose size differs between versions; the frame that it came in is larger.
  assert.ok(payload.buffer.byteLength <= 2 * Buffer.poolSize, `${payload.buffer.byteLength} bytes are kept`);
  assert.equal(first!.key, 'schlüssel');
  assert.equal(first!.topic, 'news');
  assert.equal(first!.size, 3);
  assert.deepEqual(second!.json(), { a: 1 });
});

test('backpressure: writable says when to wait, and who does not is refused', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port, { maxOutstanding: 10, highWaterBytes: 100_000 });
  assert.equal(client.writable, true);
  const confirmations = Array.from({ length: 10 }, (_, i) => client.publish('x', `${i}`, { confirm: true }));
  assert.equal(client.writable, false);
  await assert.rejects(client.ready({ signal: AbortSignal.abort() }), { code: 'ABORTED' });
  await client.ready();
  assert.equal(client.writable, true);
  await Promise.all(confirmations);
  await broker.close(0);
  await until(() => client.status === 'reconnecting');
  const payload = new Uint8Array(10_000);
  assert.throws(
    () => {
      for (let i = 0; i < 50; i++) client.publish('x', payload);
    },
    { code: 'OVERFLOW' },
  );
  await assert.rejects(client.ready({ timeout: 1 }), { code: 'TIMEOUT' });
});

test('everything that waits can be aborted', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  await client.respond('never', () => new Promise(() => {}));
  await broker.close(0);
  await until(() => client.status === 'reconnecting');
  const waits = (signal: AbortSignal) => [
    client.publish('x', 'y', { confirm: true, signal }),
    client.subscribe('x', { signal }),
    client.createTopic('y', { signal }),
    client.request('x', 'y', { signal }),
    client.lag({ signal }),
    client.ping({ signal }),
    client.flush({ signal }),
  ];
  const controller = new AbortController();
  const all = waits(controller.signal);
  controller.abort(new Error('enough'));
  for (const wait of [...all, ...waits(controller.signal)]) await assert.rejects(wait, { code: 'ABORTED' });
  await assert.rejects(client.ping({ timeout: 1 }), { code: 'TIMEOUT' });
});

test('close sends what waits, and ends everything', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const reader = await join(t, broker.port);
  const subscription = await reader.subscribe('news');
  let own: Promise<Message[]>;
  {
    await using client = await connect(`leveret://127.0.0.1:${broker.port}`);
    own = take(await client.subscribe('quiet'), 1);
    for (let i = 0; i < 1_000; i++) client.publish('news', `${i}`);
  }
  assert.deepEqual(await own, []);
  assert.equal((await take(subscription, 1_000)).length, 1_000);
  await reader.close();
  assert.equal(await reader.closed, undefined);
  assert.throws(() => reader.publish('x', 'y'), { code: 'CLOSED' });
  await assert.rejects(reader.ping(), { code: 'CLOSED' });
  await reader.close();
  await until(() => broker.core.table.size === 0);
});

test('members of a group share the messages', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const publisher = await join(t, broker.port);
  const counts = [0, 0];
  for (const i of [0, 1]) {
    const client = await join(t, broker.port);
    const subscription = await client.subscribe('jobs', { group: 'workers', window: 10 });
    void (async () => {
      for await (const message of subscription) {
        counts[i]!++;
        subscription.commit(message);
      }
    })();
  }
  for (let i = 0; i < 100; i++) await publisher.publish('jobs', `${i}`, { confirm: true });
  await until(() => counts[0]! + counts[1]! === 100);
  assert.ok(
    counts.every((count) => count > 0),
    `every member gets some: ${counts.join(', ')}`,
  );
});

test('topics of a pattern are told apart, and committed each by itself', { timeout }, async (t) => {
  const broker = await startBroker(t);
  const client = await join(t, broker.port);
  const subscription = await client.subscribe('a.>', { window: 1 });
  for (const topic of ['a.x', 'a.y.z', 'b', 'a.x']) client.publish(topic, topic);
  const [first, second] = await take(subscription, 2);
  assert.deepEqual([first!.topic, second!.topic], ['a.x', 'a.y.z']);
  subscription.commit(1, 'a.x');
  const [third] = await take(subscription, 1);
  assert.deepEqual([third!.topic, third!.id], ['a.x', 2]);
});
