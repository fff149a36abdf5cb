import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientFrame } from '#protocol';
import { create, publish } from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { brokerFor, clientFor } from '../start.ts';

const TIMEOUT = { timeout: 30_000 };
const MiB = 1_048_576;
const BIG = 'x'.repeat(60_000);

/** A PUBLISH of one message that has a key. */
const keyed = (request: number, topic: string, key: string): ClientFrame => ({
  type: 'PUBLISH',
  request,
  topic,
  records: [{ key, payload: Buffer.from('x') }],
});

test('at the bound publishes are refused and change nothing, until there is room', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { maxTotalRetainedBytes: 2 * MiB, memoryPolicy: 'refuse' });
  const client = await clientFor(t, broker);
  client.frames(create(1, 'log', 3_600_000, 0), create(2, 'once', 0, 3_600_000));
  await client.expect({ type: 'OK', request: 1 });
  await client.expect({ type: 'OK', request: 2 });
  let last = 0;
  for (let request = 3; ; request++) {
    assert.ok(request < 100, 'nothing is ever refused');
    client.frames(publish(request, 'log', BIG));
    const frame = await client.next();
    if (frame.type === 'ERROR') {
      assert.equal(frame.code, 23, `refused as ${frame.reason}`);
      assert.equal(frame.request, request, 'which request was refused');
      break;
    }
    last += 1;
  }
  const before = broker.status();
  assert.equal(before.memoryState, 'refusing', 'the state');
  client.frames(keyed(200, 'once', 'k'), publish(201, 'new', 'x'));
  await client.expect({ type: 'ERROR', request: 200, code: 23 });
  await client.expect({ type: 'ERROR', request: 201, code: 23 });
  assert.equal(broker.core.topics.get('new'), undefined, 'a refused publish left a topic behind');
  assert.equal(broker.core.topics.get('log')?.log.lastId, last, 'ids were given out');
  assert.equal(broker.core.topics.get('log')?.log.firstId, 1, 'messages were dropped');
  assert.equal(broker.status().refusedPublishes, 3, 'publishes that are counted as refused');
  // Of those that ask for no answer only one in a second is told.
  for (let i = 0; i < 50; i++) client.frames(publish(0, 'log', 'x'));
  client.frames(keyed(300, 'once', 'k'));
  await client.expect({ type: 'ERROR', request: 0, code: 23 });
  await client.expect({ type: 'ERROR', request: 300, code: 23 });

  broker.core.topics.get('log')?.purge(last);
  assert.equal(broker.status().memoryState, 'ok', 'the state when there is room');
  client.frames(keyed(301, 'once', 'k'), publish(302, 'log', 'x'));
  await client.expect({ type: 'PUBLISHED', request: 301, firstId: 1, count: 1 });
  await client.expect({ type: 'PUBLISHED', request: 302, firstId: last + 1, count: 1 });
});

test('no permission comes before no room', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, {
    maxTotalRetainedBytes: MiB,
    memoryPolicy: 'refuse',
    auth: { anonymous: { publish: ['mine'], subscribe: [] } },
    insecure: true,
  });
  const client = await clientFor(t, broker);
  broker.core.topics.use('mine').create({ retentionMs: 3_600_000, dedupeMs: 0 });
  for (let i = 0; i < 30; i++) client.frames(publish(0, 'mine', BIG));
  await client.expect({ type: 'ERROR', request: 0, code: 23 });
  client.frames(publish(1, 'other', 'x'));
  const { code, request } = await client.expect({ type: 'ERROR' });
  assert.deepEqual([code, request], [8, 1], 'how it is refused');
});
