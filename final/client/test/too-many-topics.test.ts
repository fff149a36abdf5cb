/** A pattern that leads to more topics than one connection may have. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { join, startBroker, until } from './support.ts';

test('a pattern beyond the limit does not end a program that listens for no errors', {
  timeout: 30_000,
}, async (t) => {
  const broker = await startBroker(t, { maxSubscriptions: 5 });
  const publisher = await join(t, broker.port);
  for (let i = 0; i < 20; i++) {
    await publisher.createTopic(`t.${i}`, { retentionMs: 60_000 });
    await publisher.publish(`t.${i}`, 'x', { confirm: true });
  }
  // Were the refusals thrown, this process would end: nobody listens for the event `error`.
  const client = await join(t, broker.port);
  const warned = once(process, 'warning');
  const topics = new Set<string>();
  const all = await client.subscribe('>', { from: 'earliest', onMessage: ({ topic }) => topics.add(topic) });
  await until(() => topics.size > 0);
  const [warning] = await warned;
  assert.equal(warning.code, 'LIMIT', `a warning tells of it: ${warning.message}`);
  await publisher.createTopic('t.more');
  await client.flush();
  assert.deepEqual([client.status, all.active], ['connected', true], 'client and subscription go on');
  assert.ok(topics.size <= 5, `messages of ${topics.size} topics, with a limit of 5`);
});
