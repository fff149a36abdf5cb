/** A fault inside the broker is no reason to give up: the client comes back, each time a little later. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClientFrame } from '#protocol';
import type { StatusChange } from '../events.ts';
import { FakeBroker, welcome } from './fake-broker.ts';
import { until } from './support.ts';

const INTERNAL = { type: 'ERROR', request: 0, code: 12, reason: 'a fault' } as const;

/** Fails at the first so many frames of this type. */
function failing(type: ClientFrame['type'], times: number): FakeBroker {
  let left = times;
  return new FakeBroker((frame, broker) => {
    if (frame.type !== type || left === 0) return welcome(frame, broker);
    left--;
    broker.send(INTERNAL);
    broker.end();
  });
}

const test = suite('internal faults of a broker');

test('the client comes back and subscribes again', async () => {
  const broker = failing('SUBSCRIBE', 1);
  const client = await broker.connect({ reconnect: { initialMs: 1 } });
  const seen: StatusChange[] = [];
  client.on('status', (change) => seen.push(change));
  const subscription = await client.subscribe('news', { onMessage: () => {} });
  assert.is(broker.connections, 2, 'on a second connection');
  assert.is(subscription.active, true, 'the subscription goes on');
  assert.is(seen[0]?.error?.code, 'INTERNAL', 'what happened is told');
  assert.is(seen[0]?.status, 'reconnecting', 'and that it comes back');
  await client.close({ deadline: 0 });
});

test('a request that it ended is lost, and says so', async () => {
  const broker = failing('LAG', 1);
  const client = await broker.connect({ reconnect: { initialMs: 1 } });
  const error = await client.lag().catch((thrown: unknown) => thrown as { code: string; message: string });
  assert.is(typeof error === 'object' && error.code, 'DISCONNECTED', 'the request');
  await until(() => client.status === 'connected');
  await client.close({ deadline: 0 });
});

test('as long as it fails the waits grow, and its attempts count', async () => {
  const broker = failing('SUBSCRIBE', 100);
  const client = await broker.connect({ reconnect: { initialMs: 1, maxMs: 1000, maxAttempts: 4 } });
  const attempts: (number | undefined)[] = [];
  client.on('status', ({ status, attempt }) => status === 'reconnecting' && attempts.push(attempt));
  const lost = client.subscribe('news', { onMessage: () => {} }).catch((error: unknown) => error);
  const closed = await client.closed;
  await lost;
  assert.equal(attempts, [1, 2, 3, 4], 'although each of them was let in');
  assert.is(closed?.code, 'DISCONNECTED', 'then it gives up');
  assert.match(closed?.message ?? '', 'a fault', 'and says what the broker said');
});

test.run();
