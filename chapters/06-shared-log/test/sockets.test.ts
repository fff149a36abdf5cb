/** The broker over real sockets: what the conversations of chapter 4 do not ask. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_SEGMENT_BYTES } from '#log';
import { clientCodec } from '#protocol';
import { type RawClient, until } from '../../04-full-protocol/test/conversation-client.ts';
import { create, publish, subscribe } from '../../04-full-protocol/test/conversation-requests.ts';
import { withBroker } from './with-broker.ts';

/** Milliseconds after which a test has failed: before the whole file has, so that the test is named. */
const TIMEOUT = 6_000;
const BATCH = 64;
const SIZE = 1_000;

/** Publishes a batch, and waits until the broker has it. */
async function publishBatch(client: RawClient): Promise<void> {
  client.frames(publish(1, 't', ...Array.from({ length: BATCH }, () => 'x'.repeat(SIZE))));
  await client.expect({ type: 'PUBLISHED', request: 1, count: BATCH });
}

/** Reads messages of one topic up to an id, and checks that none is missing. */
async function readUpTo(client: RawClient, from: number, to: number): Promise<void> {
  for (let next = from; next <= to; ) {
    const frame = await client.next();
    if (frame.type !== 'MESSAGES') assert.fail(`a frame ${frame.type}, where id ${next} was expected`);
    assert.equal(frame.firstId, next, 'the next id');
    next += frame.records.length;
  }
}

test('one that does not read is ended at its limit; the log stays small; the others, and it later, miss nothing', {
  timeout: TIMEOUT,
}, async () => {
  const maxLagBytes = 1_048_576;
  await withBroker({ maxLagBytes, maxRetainedBytes: 4 * maxLagBytes }, async ({ hello, topics }) => {
    const [sleeper, reader, publisher] = [await hello(), await hello(), await hello()];
    publisher.frames(create(1, 't', 60_000));
    await publisher.expect({ type: 'OK' });
    for (const client of [sleeper, reader]) {
      client.frames(subscribe(1, 't'));
      await client.expect({ type: 'OK' });
    }
    sleeper.socket.pause();
    const { log, readers } = topics.use('t');
    let last = 0;
    while (readers.size === 2) {
      await publishBatch(publisher);
      last += BATCH;
      assert.ok(log.bytes <= 4 * maxLagBytes + 2 * MAX_SEGMENT_BYTES, `${log.bytes} bytes are kept`);
      assert.ok(last < 100_000, 'it was never ended');
    }
    await readUpTo(reader, 1, last);
    sleeper.socket.resume();
    await until(() => sleeper.ended, 'it has noticed');
    const again = await hello();
    again.frames(subscribe(2, 't', { start: 2, after: last - 1_000 }));
    await again.expect({ type: 'OK', request: 2 });
    await readUpTo(again, last - 999, last);
  });
});

test('connections that come and go, politely or not, leave nothing behind', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({}, async ({ hello, topics }) => {
    for (let round = 0; round < 5; round++) {
      const clients = await Promise.all(Array.from({ length: 20 }, hello));
      for (const client of clients) client.frames(subscribe(1, 't'), publish(0, 't', 'x'.repeat(1_000)));
      await Promise.all(clients.map((client, i) => (i % 2 === 0 ? client.socket.destroy() : client.close())));
    }
    const topic = topics.use('t');
    await until(() => topic.readers.size === 0 && topic.log.bytes === 0, 'the log has let go');
  });
});

test('what a client published with its very last bytes reaches it, too', { timeout: TIMEOUT }, async () => {
  await withBroker({}, async ({ hello }) => {
    // So many bytes Node reads at a time. When there are as many it looks for more, and finds the end in the same turn.
    const [first, rest] = [subscribe(1, 't'), publish(0, 't', '')].map(
      (frame) => clientCodec.encode(frame).length,
    );
    const text = 'x'.repeat(65_536 - (first ?? 0) - (rest ?? 0));
    for (let round = 1; round <= 20; round++) {
      const client = await hello();
      client.frames(subscribe(1, 't'), publish(0, 't', text));
      client.socket.end();
      await client.expect({ type: 'OK', request: 1 });
      await client.expect({ type: 'MESSAGES', firstId: round });
      await client.expectEnd();
    }
  });
});
