// needs: chromium
/** The client in a real browser, against a real broker. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { boundPort, listen } from '#framing/net';
import type * as Browser from '../browser.ts';
import { bundleForBrowsers } from './browser-bundle.ts';
import { startBroker } from './support.ts';

test('in Chromium it publishes, subscribes, commits and asks', { timeout: 30_000 }, async (t) => {
  const host = '127.0.0.1';
  const site = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>t</title>'),
  );
  await listen(site, host, 0);
  t.after(() => site.close());
  const origin = `http://${host}:${boundPort(site)}`;
  const broker = await startBroker(t, {
    listeners: [{ type: 'ws', host, port: 0 }],
    allowedOrigins: [origin],
  });
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
    ],
  });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(origin);
  await page.addScriptTag({ content: await bundleForBrowsers() });
  const result = await page.evaluate(async (url) => {
    const { leveret } = globalThis as unknown as { leveret: typeof Browser };
    const client = await leveret.connect(url, { name: 'chromium' });
    const subscription = await client.subscribe('новости', { from: 'earliest', window: 5 });
    const sent = Array.from({ length: 100 }, (_, i) => `${i} ${'ß'.repeat(i)}`);
    for (const text of sent) client.publish('новости', text, { key: 'ключ' });
    const got: string[] = [];
    for await (const message of subscription) {
      got.push(message.key === 'ключ' ? message.text() : `key ${message.key}`);
      subscription.commit(message);
      if (got.length === sent.length) break;
    }
    await client.respond('echo', (request) => request.payload);
    const reply = (await client.request('echo', 'hello')).text();
    await client.close();
    return { isEqual: JSON.stringify(got) === JSON.stringify(sent), reply, status: client.status };
  }, `ws://${host}:${broker.addresses[1]?.port}`);
  assert.deepEqual(result, { isEqual: true, reply: 'hello', status: 'closed' }, 'everything came, in order');
  assert.deepEqual(complaints, [], 'the page complains of nothing');
});
