import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawClient } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import {
  commit,
  create,
  lag,
  publish,
  subscribe,
  unsubscribe,
} from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { brokerFor, clientFor } from '../start.ts';

const TIMEOUT = { timeout: 30_000 };

/** The ids in the next MESSAGES frame. */
async function nextIds(client: RawClient): Promise<number[]> {
  const frame = await client.expect({ type: 'MESSAGES' });
  return frame.records.map((_, i) => frame.firstId + i);
}

/** So many ids, in however many frames they come. */
async function ids(client: RawClient, count: number): Promise<number[]> {
  const got: number[] = [];
  while (got.length < count) got.push(...(await nextIds(client)));
  return got;
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `m${i + 1}`);

test('each message goes to one member, and all members have their share', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const [a, b, publisher] = [
    await clientFor(t, broker),
    await clientFor(t, broker),
    await clientFor(t, broker),
  ];
  for (const member of [a, b]) {
    member.frames(subscribe(1, 'jobs', { group: 'g' }));
    await member.expect({ type: 'OK' });
  }
  publisher.frames(publish(1, 'jobs', ...numbers(10)));
  const [ofA, ofB] = [await ids(a, 5), await ids(b, 5)];
  assert.deepEqual(
    [...ofA, ...ofB].sort((x, y) => x - y),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  await a.expectAlive();
  await b.expectAlive();
});

test('two groups, and a plain subscriber, each get everything', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const clients = [await clientFor(t, broker), await clientFor(t, broker), await clientFor(t, broker)];
  for (const [i, group] of ['g', 'h', ''].entries()) {
    clients[i]!.frames(subscribe(1, 'jobs', { group }));
    await clients[i]!.expect({ type: 'OK' });
  }
  clients[0]!.frames(publish(0, 'jobs', 'a', 'b'));
  for (const client of clients) assert.deepEqual(await ids(client, 2), [1, 2]);
});

for (const leaving of ['a lost connection', 'UNSUBSCRIBE'] as const) {
  test(`after ${leaving} the others get what a member has not committed`, TIMEOUT, async (t) => {
    const broker = await brokerFor(t);
    const [a, b] = [await clientFor(t, broker), await clientFor(t, broker)];
    for (const member of [a, b]) {
      member.frames(subscribe(1, 'jobs', { group: 'g', window: 3 }));
      await member.expect({ type: 'OK' });
    }
    b.frames(publish(0, 'jobs', ...numbers(6)));
    const ofA = await ids(a, 3);
    const ofB = await ids(b, 3);
    a.frames(commit('jobs', ofA[0]!));
    await a.expectAlive();
    if (leaving === 'UNSUBSCRIBE') {
      a.frames(unsubscribe(2, 'jobs'));
      await a.expect({ type: 'OK' });
    } else {
      await a.reset();
    }
    // The window of the other is full: it gets them when it has committed.
    await b.expectAlive();
    b.frames(commit('jobs', ofB[2]!));
    assert.deepEqual(await ids(b, 2), ofA.slice(1));
  });
}

test('a message that is taken over is settled in order of delivery, not of ids', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const [a, b] = [await clientFor(t, broker), await clientFor(t, broker)];
  for (const member of [a, b]) {
    member.frames(subscribe(1, 'jobs', { group: 'g', window: 10 }));
    await member.expect({ type: 'OK' });
  }
  b.frames(publish(0, 'jobs', ...numbers(4)));
  const ofA = await ids(a, 2);
  const ofB = await ids(b, 2);
  await a.reset();
  assert.deepEqual(await ids(b, 2), ofA);
  // Its own messages are committed; those that it took over are not, whatever their ids are.
  b.frames(commit('jobs', ofB[1]!), lag(2));
  await b.expect({ type: 'LAG', messages: 2 });
  b.frames(commit('jobs', ofA[1]!), lag(3));
  await b.expect({ type: 'LAG', messages: 0 });
});

test('nothing is lost while members come and go', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const publisher = await clientFor(t, broker);
  const stayer = await clientFor(t, broker);
  stayer.frames(subscribe(1, 'jobs', { group: 'g', window: 7 }));
  await stayer.expect({ type: 'OK' });
  for (let round = 0; round < 10; round++) {
    const guest = await clientFor(t, broker);
    guest.frames(subscribe(1, 'jobs', { group: 'g', window: 5 }));
    await guest.expect({ type: 'OK' });
    publisher.frames(publish(1, 'jobs', ...numbers(20)));
    await publisher.expect({ type: 'PUBLISHED' });
    await nextIds(guest);
    await guest.reset();
  }
  const seen = new Set<number>();
  while (seen.size < 200) {
    const got = await nextIds(stayer);
    for (const id of got) seen.add(id);
    stayer.frames(commit('jobs', got.at(-1)!));
  }
  assert.equal(Math.max(...seen), 200);
  stayer.frames(lag(9));
  for (;;) {
    const frame = await stayer.next();
    if (frame.type !== 'LAG') continue;
    assert.equal(frame.messages, 0);
    break;
  }
});

test('what a group has committed is not kept', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const client = await clientFor(t, broker);
  client.frames(subscribe(1, 'jobs', { group: 'g', window: 100 }));
  await client.expect({ type: 'OK' });
  const payload = 'x'.repeat(50_000);
  for (let i = 1; i <= 100; i++) {
    client.frames(publish(0, 'jobs', payload));
    assert.deepEqual(await nextIds(client), [i]);
    client.frames(commit('jobs', i));
  }
  await client.expectAlive();
  const bytes = broker.core.topics.get('jobs')?.log.bytes ?? 0;
  assert.ok(bytes < 2_500_000, `5 MB were published and committed; ${bytes} bytes are still held`);
});

test('bad requests', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const client = await clientFor(t, broker);
  client.frames(subscribe(1, 'jobs', { group: 'g', start: 2 }));
  await client.expectError('BAD_REQUEST', 1);
  client.frames(subscribe(2, 'jobs.*', { group: 'g' }));
  await client.expectError('UNSUPPORTED', 2);
  client.frames(subscribe(3, '', { group: 'g' }));
  await client.expectError('BAD_TOPIC', 3);
  client.frames(subscribe(4, 'jobs', { group: 'g', window: 1 }), commit('jobs', 1));
  await client.expect({ type: 'OK' });
  await client.expectError('BAD_COMMIT');
  await client.expectAlive();
});

test('a group begins at what is retained when its first member asks for it', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const client = await clientFor(t, broker);
  client.frames(create(0, 'kept', 60_000), publish(1, 'kept', 'a', 'b'));
  await client.expect({ type: 'PUBLISHED' });
  client.frames(subscribe(2, 'kept', { group: 'g', start: 0 }));
  await client.expect({ type: 'OK' });
  assert.deepEqual(await ids(client, 2), [1, 2]);
});

test(
  'a connection is in a topic for itself or in a group, whichever it asked for last',
  TIMEOUT,
  async (t) => {
    const broker = await brokerFor(t);
    const client = await clientFor(t, broker);
    client.frames(subscribe(1, 'jobs', { group: 'g' }), subscribe(2, 'jobs'), publish(0, 'jobs', 'a'));
    await client.expect({ type: 'OK' });
    await client.expect({ type: 'OK' });
    assert.deepEqual(await nextIds(client), [1]);
    client.frames(subscribe(3, 'jobs', { group: 'g' }), publish(0, 'jobs', 'b'));
    await client.expect({ type: 'OK' });
    assert.deepEqual(await nextIds(client), [2]);
    await client.expectAlive();
    assert.equal(broker.topics()[0]?.readers, 1);
  },
);

test(
  'what is retained when a group begins is no lag: its member survives as a plain subscriber does',
  TIMEOUT,
  async (t) => {
    const broker = await brokerFor(t, { maxLagMessages: 10 });
    const publisher = await clientFor(t, broker);
    publisher.frames(create(1, 'kept', 60_000), publish(2, 'kept', ...numbers(100)));
    await publisher.expect({ type: 'OK' });
    await publisher.expect({ type: 'PUBLISHED' });
    for (const group of ['', 'g']) {
      const client = await clientFor(t, broker);
      client.frames(subscribe(1, 'kept', { group, start: 0, window: 1 }));
      await client.expect({ type: 'OK' });
      await client.expect({ type: 'MESSAGES', firstId: 1 });
      publisher.frames(publish(3, 'kept', 'new'));
      await publisher.expect({ type: 'PUBLISHED' });
      await publisher.expectAlive();
      await client.expectAlive();
    }
  },
);

test('a group is slow when more was published since it began than it may lag', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { maxLagMessages: 10 });
  const [client, publisher] = [await clientFor(t, broker), await clientFor(t, broker)];
  client.frames(subscribe(1, 'jobs', { group: 'g', window: 1 }));
  await client.expect({ type: 'OK' });
  publisher.frames(publish(1, 'jobs', ...numbers(12)));
  await client.expect({ type: 'MESSAGES', firstId: 1 });
  await client.expectError('SLOW');
});
