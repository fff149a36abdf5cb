/** Floods of connections that say nothing. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { RawClient } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import type { Broker } from '../../../index.ts';
import { until } from '../harness.ts';
import { brokerFor, clientFor } from '../start.ts';

const TIMEOUT = { timeout: 30_000 };

/** So many connections that say nothing. */
async function flood(t: TestContext, broker: Broker, count: number): Promise<RawClient[]> {
  const silent = await Promise.all(Array.from({ length: count }, () => RawClient.open(broker)));
  t.after(() => Promise.all(silent.map((client) => client.close())));
  return silent;
}

test('silent connections keep nobody out: the oldest of them makes room, and is told', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { maxPending: 20 });
  const silent = await flood(t, broker, 60);
  for (let i = 0; i < 5; i++) await (await clientFor(t, broker)).expectAlive();
  await silent[0]?.expectError('FULL');
  await silent[0]?.expectEnd();
  await until(() => silent.filter(({ ended }) => ended).length >= 40, '40 have made room');
  const left = silent.filter(({ ended }) => !ended).length;
  assert.ok(left > 0, 'all silent connections were ended: 20 places are theirs');
});

test('a flood from one address does not end the greeting of another one', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { maxPending: 20 });
  // Every address of 127.0.0.0/8 is ours.
  const socket = connect({ host: broker.host, port: broker.port, localAddress: '127.0.0.2' });
  t.after(() => socket.destroy());
  let closed = false;
  socket.on('error', () => undefined).on('close', () => (closed = true));
  await until(() => broker.core.table.size === 1, 'it is there');
  await flood(t, broker, 100);
  await until(() => broker.core.table.status().accepted === 101, 'all have come');
  assert.equal(closed, false, 'a slow greeting lost its place to a flood from another address');
});

test('connections that made room keep no place, though they never go by themselves', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { maxPending: 20, maxConnections: 60, closeTimeoutMs: 20_000 });
  let told = 0;
  const open = () =>
    new Promise<void>((resolve) => {
      const { host, port } = broker;
      // Half open: the end of the broker's side does not end this one.
      const socket = connect({ host, port, allowHalfOpen: true });
      t.after(() => socket.destroy());
      socket.on('error', () => undefined).on('connect', resolve);
      socket.once('data', () => told++);
    });
  await Promise.all(Array.from({ length: 300 }, open));
  await until(
    () => broker.core.table.status().accepted >= 280,
    'newcomers are refused, as all places are kept',
  );
  await (await clientFor(t, broker)).expectAlive();
  await until(() => told >= 280, 'those that make room are told why');
  assert.ok(broker.core.table.size <= 21, `${broker.core.table.size} places are kept by 20 who may wait`);
});
