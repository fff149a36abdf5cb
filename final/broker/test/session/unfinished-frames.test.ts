/** Frames that come in part: each connection may hold the largest one there is, and all together no more than the bound. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientCodec } from '#protocol';
import { type RawClient, until } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import { publish } from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { brokerFor, clientFor } from '../start.ts';

const MiB = 1_048_576;
const TIMEOUT = { timeout: 30_000 };
const large = publish(1, 't', 'x'.repeat(500_000));

test(
  'memory of unfinished frames is bounded over all connections: the one begun first makes room',
  TIMEOUT,
  async (t) => {
    const broker = await brokerFor(t, { maxUnfinishedBytes: 2 * MiB, frameTimeoutMs: 60_000 });
    const bytes = clientCodec.encode(large);
    const clients: RawClient[] = [];
    for (let i = 0; i < 10; i++) {
      const client = await clientFor(t, broker);
      client.bytes(bytes.subarray(0, -1));
      const { bytesIn } = broker.core.table.status();
      await until(
        () => broker.core.table.status().bytesIn > bytesIn || client.ended,
        'the broker has begun to read it',
      );
      clients.push(client);
    }
    await until(
      () => broker.core.table.size === 4,
      'those that were begun first are gone, and four frames are held',
    );
    const [first, last] = [clients[0] as RawClient, clients[9] as RawClient];
    await first.expectError('FULL');
    last.bytes(bytes.subarray(-1));
    await last.expect({ type: 'PUBLISHED', request: 1 });
    await last.expectAlive();
  },
);

test('a frame that is large, slow and alone is no trouble', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { maxUnfinishedBytes: MiB, maxFrameSize: 4 * MiB });
  const client = await clientFor(t, broker);
  const bytes = clientCodec.encode(publish(1, 't', 'x'.repeat(3 * MiB)));
  for (let at = 0; at < bytes.length; at += 500_000) {
    client.bytes(bytes.subarray(at, at + 500_000));
    await until(() => client.socket.writableLength === 0, 'the piece is out');
  }
  await client.expect({ type: 'PUBLISHED', request: 1 });
  for (let i = 0; i < 20; i++) {
    client.frames(large);
    await client.expect({ type: 'PUBLISHED', request: 1 });
  }
  assert.equal(broker.core.faults.count, 0, 'the broker has a fault');
});
