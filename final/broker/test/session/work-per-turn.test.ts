/** Requests that cost much, thousands of them in one chunk: the others are served in between. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientFrame, clientCodec } from '#protocol';
import { RawClient } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import {
  create,
  lag,
  publish,
  subscribe,
} from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { until } from '../harness.ts';
import { brokerFor, clientFor } from '../start.ts';

const TIMEOUT = { timeout: 60_000 };
const CHUNK = 63 * 1024;

/** As many of these requests as one chunk holds. */
function chunkOf(request: (number: number) => ClientFrame): { bytes: Buffer; count: number } {
  const count = Math.floor(CHUNK / clientCodec.encode(request(1)).length);
  const frames = Array.from({ length: count }, (_, i) => clientCodec.encode(request(i + 1)));
  return { bytes: Buffer.concat(frames), count };
}

/** A bystander's PING is answered long before the last of an attacker's requests, which came in one chunk. */
async function attack(
  [attacker, bystander]: readonly [RawClient, RawClient],
  request: (number: number) => ClientFrame,
): Promise<void> {
  const { bytes, count } = chunkOf(request);
  let answered = 0;
  attacker.bytes(bytes);
  const answers = (async () => {
    while (answered < count) {
      const frame = await attacker.next();
      if (!('request' in frame)) continue;
      assert.equal(frame.request, answered + 1, 'an answer is lost, or out of order');
      answered++;
    }
  })();
  // Those that are not awaited end with the connection.
  answers.catch(() => undefined);
  // The broker works on the attack when the first answers come.
  await until(() => answered > 0, 'an attack is answered');
  await Promise.race([answers, bystander.expectAlive()]);
  assert.ok(answered < count, `a PING waited for all ${count} requests of another client`);
}

test('63 KB of LAG with 10,000 subscriptions keep nobody waiting', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const clients = [await clientFor(t, broker), await clientFor(t, broker)] as const;
  const [attacker] = clients;
  for (let i = 0; i < 10_000; i++) attacker.frames(subscribe(0, `topic.${i}`));
  await attacker.expectAlive();
  await attack(clients, lag);
});

test('63 KB of SUBSCRIBE after an id of a long log keep nobody waiting', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const clients = [await clientFor(t, broker), await clientFor(t, broker)] as const;
  const [attacker] = clients;
  attacker.frames(create(1, 'long', 600_000));
  await attacker.expect({ type: 'OK' });
  const texts = Array.from({ length: 20_000 }, () => 'x');
  for (let i = 0; i < 5; i++) attacker.frames(publish(0, 'long', ...texts));
  await attacker.expectAlive();
  const last = 100_000;
  await attack(clients, (number) => subscribe(number, 'long', { start: 2, after: last - 2, window: 1 }));
});

test(
  'frames behind a HELLO that came late in a turn may be as large as the broker allows',
  TIMEOUT,
  async (t) => {
    const broker = await brokerFor(t);
    const attacker = await clientFor(t, broker);
    for (let i = 0; i < 5_000; i++) attacker.frames(subscribe(0, `topic.${i}`));
    await attacker.expectAlive();
    attacker.bytes(chunkOf((number) => lag(number)).bytes);
    const newcomer = await RawClient.open(broker);
    t.after(() => newcomer.close());
    newcomer.frames(
      { type: 'HELLO', version: 1, name: '', token: '' },
      { type: 'PING', bytes: Buffer.alloc(0) },
      publish(1, 't', 'x'.repeat(20_000)),
    );
    await newcomer.expect({ type: 'WELCOME' });
    await newcomer.expect({ type: 'PONG' });
    await newcomer.expect({ type: 'PUBLISHED', request: 1 });
  },
);

test('63 KB of patterns over 20,000 topics keep nobody waiting', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { maxPatterns: 10_000 });
  const clients = [await clientFor(t, broker), await clientFor(t, broker)] as const;
  for (let i = 0; i < 20_000; i++) clients[0].frames(publish(0, `topic.${i}`, 'x'));
  await clients[0].expectAlive();
  await attack(clients, (number) => subscribe(number, `*.${number}.*`));
});

test('10,000 patterns that do not fit are no burden to those who make topics', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { maxPatterns: 10_000 });
  const clients = [await clientFor(t, broker), await clientFor(t, broker)] as const;
  for (let i = 0; i < 10_000; i++) clients[0].frames(subscribe(0, `*.room.${i}.>`));
  await clients[0].expectAlive();
  const began = performance.now();
  for (let i = 0; i < 1_000; i++) clients[1].frames(publish(0, `topic.${i}`, 'x'));
  await clients[1].expectAlive();
  const took = performance.now() - began;
  assert.ok(took < 10_000, `1,000 topics took ${took} ms: each was held against all patterns`);
});
