/** A subscription to a pattern that goes on for months meets ever more topics: what the client keeps of them is bounded. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClientFrame } from '#protocol';
import type { Skipped } from '../index.ts';
import { MOST_POSITIONS } from '../positions.ts';
import { FakeBroker, welcome } from './fake-broker.ts';
import { until } from './support.ts';

const test = suite('places of patterns');

const TOPICS = 17_000;
const bytes = new Uint8Array(1);

/** Sends one message to each topic in turn, and to the first of them again and again. */
function flood(broker: FakeBroker): void {
  for (let i = 0; i < TOPICS; i++) {
    broker.send({ type: 'MESSAGES', topic: `t.${i}`, firstId: 1, records: [{ key: '', payload: bytes }] });
    if (i === 0 || i % 1_000 > 0) continue;
    const firstId = i / 1_000 + 1;
    broker.send({ type: 'MESSAGES', topic: 't.0', firstId, records: [{ key: '', payload: bytes }] });
  }
}

function subscribes(broker: FakeBroker): Extract<ClientFrame, { type: 'SUBSCRIBE' }>[] {
  return broker.received.filter((frame) => frame.type === 'SUBSCRIBE');
}

test('with a callback, what was not heard from for long is forgotten, and the program is told of it', async () => {
  const broker = new FakeBroker();
  const client = await broker.connect({ reconnect: { initialMs: 1 } });
  const skipped: Skipped[] = [];
  let calls = 0;
  await client.subscribe('t.*', { onMessage: () => calls++, onSkipped: (gap) => skipped.push(gap) });
  await client.subscribe('t.*', { onMessage: () => calls++ });
  flood(broker);
  assert.is(calls >= 2 * TOPICS, true, `${calls} calls`);
  broker.received.length = 0;
  broker.end();
  await until(() => broker.connections === 2 && client.status === 'connected');
  await client.flush();
  const again = subscribes(broker).map(({ topic }) => topic);
  assert.is(again.length, MOST_POSITIONS + 1, 'topics to go on with, and the pattern');
  assert.is(again.at(-1), 't.*', 'the pattern comes last');
  assert.is(again.includes('t.0'), true, 'the topic that was in use is among them');
  assert.is(again.includes(`t.${TOPICS - 1}`), true, 'and the newest');
  assert.equal(skipped, [{ topic: 't.*', reason: 'unknown', fromId: 0, toId: 0 }], 'what is told');
  const before = calls;
  broker.send({ type: 'MESSAGES', topic: 't.5', firstId: 2, records: [{ key: '', payload: bytes }] });
  assert.is(calls, before + 2, 'a topic that was forgotten is met anew');
  await client.close({ deadline: 0 });
});

test('what is taken and told is forgotten; what is not ends the subscription before it fills the memory', async () => {
  const broker = new FakeBroker((frame, fake) => frame.type === 'COMMIT' || welcome(frame, fake));
  const client = await broker.connect();
  const good = await client.subscribe('t.*', {
    window: 10,
    onMessage: (message) => good.commit(message),
  });
  for (let i = 0; i < TOPICS; i++) {
    broker.send({ type: 'MESSAGES', topic: `t.${i}`, firstId: 1, records: [{ key: '', payload: bytes }] });
    if (i % 100 === 0) await client.flush();
  }
  await client.flush();
  assert.is(good.active, true, `it goes on: ${String(await Promise.race([good.ended, 'no end']))}`);
  const commits = broker.received.filter(({ type }) => type === 'COMMIT').length;
  assert.is(commits, TOPICS, 'each commit was told');
  await good.unsubscribe();
  const lazy = await client.subscribe('t.*', { window: 10, onMessage: () => {} });
  flood(broker);
  const error = await Promise.race([lazy.ended, undefined]);
  assert.is(error?.code, 'OVERFLOW', 'the code');
  assert.match(error?.message ?? '', /^messages of 16385 topics came by t\.\* .*: commit them/, 'the words');
  await client.close({ deadline: 0 });
});

test.run();
