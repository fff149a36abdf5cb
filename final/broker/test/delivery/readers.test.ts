/** Readers over real sockets: where they begin and resume, and what they are told. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Segment } from '#log';
import {
  commit,
  create,
  lag,
  publish,
  subscribe,
} from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { textOf } from '../../../../chapters/04-full-protocol/test/golden-vectors.ts';
import { publishBatch, readUpTo, TIMEOUT, until, withBroker } from '../harness.ts';

test('a window of 1 on a batch of 1,000', { timeout: TIMEOUT }, async () => {
  await withBroker({}, async ({ hello }) => {
    const client = await hello();
    const texts = Array.from({ length: 1_000 }, (_, i) => `${i + 1}`);
    client.frames(subscribe(1, 't', { window: 1 }), publish(0, 't', ...texts));
    await client.expect({ type: 'OK' });
    for (let id = 1; id <= 1_000; id++) {
      const frame = await client.expect({ type: 'MESSAGES', firstId: id });
      assert.equal(frame.records.length, 1, `one message in one frame, not ${frame.records.length}`);
      assert.equal(textOf(frame.records[0]!.payload), `${id}`);
      assert.equal(client.waiting, 0);
      client.frames(commit('t', id));
    }
    client.frames(lag(2));
    await client.expect({ type: 'LAG', messages: 0 });
  });
});

test('resume: in the middle of a frame, after an id that is collected, and in the future', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({ maxRetainedBytes: 100_000 }, async ({ hello, running }) => {
    const client = await hello();
    client.frames(create(1, 't', 60_000));
    await client.expect({ type: 'OK' });
    for (let i = 0; i < 50; i++) await publishBatch(client, 't', 10, 1_000);
    const firstId = running.core.topics.get('t')?.log.firstId ?? 0;
    assert.ok(firstId > 100 && firstId < 480, `kept from ${firstId} on`);

    client.frames(subscribe(2, 't', { start: 2, after: 487 }));
    await client.expect({ type: 'OK', request: 2 });
    await client.expect({ type: 'MESSAGES', firstId: 488 });
    await readUpTo(client, 491, 500);

    client.frames(subscribe(3, 't', { start: 2, after: 17 }));
    await client.expect({ type: 'OK', request: 3 });
    await client.expect({ type: 'SKIPPED', fromId: 18, toId: firstId - 1 });
    await readUpTo(client, firstId, 500);

    client.frames(subscribe(4, 't', { start: 2, after: 501 }));
    await client.expectError('OUT_OF_RANGE', 4);
    await publishBatch(client, 't', 1, 1);
    await readUpTo(client, 501, 501);
  });
});

test('what is too old is told as skipped, also to one whose window was full', {
  timeout: TIMEOUT,
}, async () => {
  let now = 1_000;
  await withBroker({ clock: () => now, idleMs: 0 }, async ({ hello }) => {
    const client = await hello();
    client.frames(create(1, 't', 5_000), subscribe(2, 't', { window: 2 }), publish(0, 't', ...'abcd'));
    await client.expect({ type: 'OK', request: 1 });
    await client.expect({ type: 'OK', request: 2 });
    await client.expect({ type: 'MESSAGES', firstId: 1 });
    now += 4_000;
    client.frames(publish(0, 't', 'e'));
    await client.expectAlive();
    now += 2_000;
    client.frames(commit('t', 2));
    await client.expect({ type: 'SKIPPED', fromId: 3, toId: 4 });
    await client.expect({ type: 'MESSAGES', firstId: 5 });
  });
});

test('subscribed again while frames wait: the new start holds, and nothing comes twice', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({ drainTimeoutMs: 0, maxLagBytes: 1_000_000_000 }, async ({ hello, running }) => {
    const [client, publisher] = [await hello(), await hello()];
    publisher.frames(create(1, 't', 60_000));
    await publisher.expect({ type: 'OK' });
    client.frames(subscribe(1, 't'));
    await client.expect({ type: 'OK' });
    client.socket.pause();
    const session = [...running.core.sessions()][0];
    let batches = 0;
    while (session?.full !== true) {
      await publishBatch(publisher, 't', 64, 1_000);
      assert.ok(++batches < 1_000, 'the publishers are never held back');
    }
    const last = batches * 64;
    client.frames(subscribe(2, 't', { start: 2, after: last - 5 }));
    await until(() => session.connection.bytesIn > 40, 'it has asked');
    client.socket.resume();
    // What was on its way comes; then the OK, and from there on what was asked for.
    let frame = await client.next();
    while (frame.type === 'MESSAGES') frame = await client.next();
    assert.equal(frame.type, 'OK');
    await readUpTo(client, last - 4, last);
    await publishBatch(publisher, 't', 3, 1);
    await readUpTo(client, last + 1, last + 3);
    client.frames(lag(3));
    await client.expect({ type: 'LAG', messages: 0 });
  });
});

test('one who ends its side gets what it was sent before, its own last message too', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({}, async ({ hello }) => {
    const client = await hello();
    client.frames(subscribe(1, 't'), publish(2, 't', 'last words'));
    client.socket.end();
    await client.expect({ type: 'OK', request: 1 });
    await client.expect({ type: 'PUBLISHED', request: 2 });
    await client.expect({ type: 'MESSAGES', firstId: 1 });
    await client.expectEnd();
  });
});

test('100,000 topics: the next one is refused, and the connection stays', { timeout: TIMEOUT }, async () => {
  await withBroker({}, async ({ hello, running }) => {
    const client = await hello();
    for (let i = 0; i < 100; i++) {
      // Made, and not only used: one that holds nothing would make room.
      client.frames(...Array.from({ length: 1_000 }, (_, j) => create(0, `topic.${i}.${j}`)));
      await client.expectAlive();
    }
    assert.equal(running.core.status().topics, 100_000);
    client.frames(publish(1, 'one.more', 'x'), publish(2, 'topic.7.7', 'y'));
    await client.expectError('LIMIT', 1);
    await client.expect({ type: 'PUBLISHED', request: 2, firstId: 1 });
    assert.equal(running.core.status().logBytes, 0);
  });
});

test('an empty topic costs less than a kilobyte', { timeout: TIMEOUT }, async () => {
  // In a process of its own, where nothing else moves on the heap.
  const process = fileURLToPath(new URL('../topics/topic-cost-process.ts', import.meta.url));
  const { stdout } = await promisify(execFile)('node', ['--expose-gc', '--import', 'tsx', process]);
  const bytes = Number(stdout);
  assert.ok(bytes > 0 && bytes < 1_000, `${stdout.trim()} bytes`);
});

test('what is retained goes in time, also when nobody is connected any more', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({}, async ({ hello, running }) => {
    const client = await hello();
    client.frames(create(1, 't', 50), publish(2, 't', 'x'));
    await client.expect({ type: 'OK' });
    await client.expect({ type: 'PUBLISHED' });
    await client.close();
    await until(
      () => running.core.table.size === 0 && running.core.status().logBytes === 0,
      'the log has let go',
    );
  });
});

test('connections that come and go, by end or reset, leave nothing behind', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({}, async ({ hello, running }) => {
    for (let round = 0; round < 5; round++) {
      const clients = await Promise.all(Array.from({ length: 20 }, hello));
      for (const client of clients) client.frames(subscribe(1, 't'), publish(0, 't', 'x'.repeat(1_000)));
      await Promise.all(clients.map((client, i) => (i % 2 === 0 ? client.reset() : client.close())));
    }
    await until(() => running.core.table.size === 0, 'all are gone');
    const topic = running.core.topics.get('t');
    assert.equal(topic?.readers.length, 0);
    for (let segment: Segment | undefined = topic?.log.head; segment !== undefined; segment = segment.next) {
      assert.equal(segment.readers, 0);
    }
    const client = await hello();
    client.frames(subscribe(1, 't'));
    await client.expect({ type: 'OK' });
    await until(() => running.core.status().logBytes === 0, 'the log has let go');
  });
});
