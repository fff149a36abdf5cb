/** A subscriber that stops reading its socket, under each policy: bounded memory, and nobody else loses anything. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_SEGMENT_BYTES } from '#log';
import {
  commit,
  create,
  lag,
  publish,
  subscribe,
} from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { publishBatch, readUpTo, type Stand, TIMEOUT, until, withBroker } from '../harness.ts';

const LIMIT = 1_048_576;
/** The limit, the segment in which the last of it lies, and what may come in one tick. */
const BOUND = LIMIT + 2 * MAX_SEGMENT_BYTES + 262_144;
const BATCH = 64;
const SIZE = 1_000;

async function begin({ hello }: Stand) {
  const [sleeper, reader, publisher] = [await hello(), await hello(), await hello()];
  for (const client of [sleeper, reader]) {
    client.frames(subscribe(1, 't'));
    await client.expect({ type: 'OK' });
  }
  sleeper.socket.pause();
  return { sleeper, reader, publisher };
}

test('disconnect: it is closed at its limit; the others get everything', { timeout: TIMEOUT }, async () => {
  await withBroker({ maxLagBytes: LIMIT, slowPolicy: 'disconnect', drainTimeoutMs: 0 }, async (stand) => {
    const { running } = stand;
    const { reader, publisher } = await begin(stand);
    let batches = 0;
    while (running.core.topics.get('t')?.readers.length === 2) {
      await publishBatch(publisher, 't', BATCH, SIZE);
      batches++;
      assert.ok(running.core.status().logBytes <= BOUND, `${running.core.status().logBytes} bytes of log`);
      assert.ok(batches < 2_000, 'it was never closed');
    }
    const { skipped } = await readUpTo(reader, 1, batches * BATCH);
    assert.equal(skipped, 0);
    await until(() => running.core.table.size === 2, 'it is gone');
    await until(() => running.core.status().logBytes === 0, 'the log has let go of everything');
  });
});

test('skip: it is told what it lost, and goes on; the others get everything', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({ maxLagBytes: LIMIT, slowPolicy: 'skip', drainTimeoutMs: 0 }, async (stand) => {
    const { running } = stand;
    const { sleeper, reader, publisher } = await begin(stand);
    // More than the limit, and than both systems' socket buffers.
    const batches = 400;
    for (let i = 0; i < batches; i++) {
      await publishBatch(publisher, 't', BATCH, SIZE);
      assert.ok(running.core.status().logBytes <= BOUND, `${running.core.status().logBytes} bytes of log`);
    }
    assert.equal((await readUpTo(reader, 1, batches * BATCH)).skipped, 0);
    sleeper.socket.resume();
    const { got, skipped } = await readUpTo(sleeper, 1, batches * BATCH);
    assert.ok(skipped > 0 && got > 0, `${got} messages, ${skipped} skipped`);
    await publishBatch(publisher, 't', 1, 1);
    await readUpTo(sleeper, batches * BATCH + 1, batches * BATCH + 1);
    await sleeper.expectAlive();
  });
});

test('block: publishers wait, and nobody loses anything', { timeout: TIMEOUT }, async () => {
  await withBroker({ maxLagBytes: LIMIT, slowPolicy: 'block', drainTimeoutMs: 0 }, async (stand) => {
    const { running } = stand;
    const { sleeper, reader, publisher } = await begin(stand);
    const held = (): boolean => [...running.core.sessions()].some(({ heldBy }) => heldBy.size > 0);
    let batches = 0;
    while (!held()) {
      // Not waited for: the answer does not come once the publisher is held.
      publisher.frames(publish(0, 't', ...Array.from({ length: BATCH }, () => 'x'.repeat(SIZE))));
      batches++;
      const before = running.core.topics.get('t')?.log.lastId ?? 0;
      await until(() => held() || (running.core.topics.get('t')?.log.lastId ?? 0) > before, 'it was read');
      assert.ok(running.core.status().logBytes <= BOUND, `${running.core.status().logBytes} bytes of log`);
      assert.ok(batches < 2_000, 'it was never held');
    }
    for (let i = 0; i < 20; i++, batches++) {
      publisher.frames(publish(0, 't', ...Array.from({ length: BATCH }, () => 'x'.repeat(SIZE))));
    }
    assert.ok(running.core.status().logBytes <= BOUND, `${running.core.status().logBytes} bytes of log`);
    sleeper.socket.resume();
    assert.equal((await readUpTo(sleeper, 1, batches * BATCH)).skipped, 0);
    assert.equal((await readUpTo(reader, 1, batches * BATCH)).skipped, 0);
    await publisher.expectAlive();
  });
});

test('block: a client in a deadlock with itself is disconnected; the others go on', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({ maxLagMessages: 10, slowPolicy: 'block' }, async ({ hello }) => {
    const [selfish, reader, publisher] = [await hello(), await hello(), await hello()];
    reader.frames(subscribe(1, 't'));
    await reader.expect({ type: 'OK' });
    selfish.frames(subscribe(1, 't', { window: 1 }));
    await selfish.expect({ type: 'OK' });
    // It commits, but behind its publishes, where the commit cannot be read.
    let sent = 0;
    while (!selfish.ended) {
      if (selfish.socket.writable) selfish.frames(publish(0, 't', 'mine'), commit('t', 0));
      sent++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(sent > 10, `only ${sent} messages were sent`);
    publisher.frames(publish(5, 't', 'last'));
    const answer = await publisher.expect({ type: 'PUBLISHED', request: 5, count: 1 });
    assert.ok('firstId' in answer, `PUBLISHED, not ${JSON.stringify(answer)}`);
    await readUpTo(reader, 1, answer.firstId);
  });
});

test('block: held by one topic, it goes on with another one behind it', { timeout: TIMEOUT }, async () => {
  await withBroker({ maxLagMessages: 10, slowPolicy: 'block' }, async ({ hello, running }) => {
    const [slow, publisher] = [await hello(), await hello()];
    slow.frames(subscribe(1, 'a', { window: 1 }));
    await slow.expect({ type: 'OK' });
    for (let i = 1; i <= 12; i++) {
      publisher.frames(publish(i, 'a', 'x'));
      await publisher.expect({ type: 'PUBLISHED', request: i });
    }
    // All of this in one write: the first PUBLISH makes it wait, and the others wait with it.
    publisher.frames(publish(0, 'a', 'x'), publish(13, 'b', 'y'), publish(14, 'a', 'z'), lag(15));
    await until(() => [...running.core.sessions()].some(({ heldBy }) => heldBy.size > 0), 'it is held');
    for (let id = 1; id <= 13; id++) {
      await slow.expect({ type: 'MESSAGES', firstId: id });
      slow.frames(commit('a', id));
    }
    // The last answer before it was held, then all others in order.
    await publisher.expect({ type: 'PUBLISHED', request: 13, firstId: 1 });
    await publisher.expect({ type: 'PUBLISHED', request: 14, firstId: 14 });
    await publisher.expect({ type: 'LAG', request: 15 });
    await publisher.expectAlive();
  });
});

test('a stopped subscriber resumes after its last id and misses nothing that is retained', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({ maxLagBytes: LIMIT }, async (stand) => {
    const { running, hello } = stand;
    const first = await hello();
    first.frames(create(1, 't', 60_000));
    await first.expect({ type: 'OK' });
    const { sleeper, publisher } = await begin(stand);
    let batches = 0;
    while (running.core.topics.get('t')?.readers.length === 2) {
      await publishBatch(publisher, 't', BATCH, SIZE);
      batches++;
      assert.ok(batches < 2_000, 'it was never closed');
    }
    sleeper.socket.resume();
    await until(() => sleeper.ended, 'it has noticed');
    const again = await hello();
    again.frames(subscribe(2, 't', { start: 2, after: 100 }));
    await again.expect({ type: 'OK' });
    assert.deepEqual(await readUpTo(again, 101, batches * BATCH), { got: batches * BATCH - 100, skipped: 0 });
  });
});
