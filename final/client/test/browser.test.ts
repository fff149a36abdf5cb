import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type * as Browser from '../browser.ts';
import { bundleForBrowsers, runLikeABrowser } from './browser-bundle.ts';
import { startBroker, take, texts } from './support.ts';

const timeout = 30_000;

test('the browser bundle is small, and runs where there is nothing of Node', { timeout }, async (t) => {
  const host = '127.0.0.1';
  const broker = await startBroker(t, { listeners: [{ type: 'ws', host, port: 0 }] });
  const code = await bundleForBrowsers();
  t.diagnostic(`${code.length} bytes, ${gzipSync(code).length} packed`);
  const guide = readFileSync(new URL('../../../docs/client.md', import.meta.url), 'utf8');
  const [, most] = /less than (\d+) KB packed/.exec(guide) ?? [];
  assert.ok(
    gzipSync(code).length < Number(most) * 1_000,
    `packed it has ${gzipSync(code).length} bytes, and docs/client.md says ${most} KB`,
  );
  const { connect } = runLikeABrowser(code) as typeof Browser;
  const client = await connect(`ws://${host}:${broker.addresses[1]!.port}`, {
    reconnect: { initialMs: 5 },
  });
  t.after(() => client.close({ deadline: 0 }));
  await client.createTopic('ü'.repeat(120), { retentionMs: 60_000 });
  const subscription = await client.subscribe('ü'.repeat(120), { from: 'earliest', window: 50 });
  const sent = Array.from({ length: 500 }, (_, i) => `${i} ${'ß'.repeat(i)}`);
  const confirmations = sent.map((text) =>
    client.publish('ü'.repeat(120), text, { confirm: true, key: 'k' }),
  );
  assert.equal((await Promise.all(confirmations)).length, 500);
  const iterator = subscription[Symbol.asyncIterator]();
  for (const text of sent) {
    const { value } = await iterator.next();
    assert.equal(value?.text(), text);
    assert.equal(value?.key, 'k');
    subscription.commit(value!);
  }
  await client.respond('echo', (request) => request.payload);
  assert.equal((await client.request('echo', 'hello')).text(), 'hello');
  // Reading cannot be stopped in a browser: the window that the client asks for bounds what waits.
  const slow = await client.subscribe('slow', { prefetch: 10 });
  for (let i = 0; i < 100; i++) client.publish('slow', `${i}`);
  await client.flush();
  assert.equal(slow.lag, 10);
  assert.deepEqual(
    texts(await take(slow, 100)),
    Array.from({ length: 100 }, (_, i) => `${i}`),
  );
  await assert.rejects(connect('leveret://127.0.0.1:1'), (error: Error & { code: string }) => {
    assert.equal(error.code, 'BAD_URL');
    return /WebSocket only/.test(error.message);
  });
});
