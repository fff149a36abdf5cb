// needs: chromium
/** DNS rebinding in a real browser: a name of somebody else leads to this machine, and its page asks for a WebSocket. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch } from '../../../inspector/test/chromium.ts';
import { brokerFor } from '../start.ts';

test('in Chromium a page of another name that leads here gets no WebSocket', {
  timeout: 30_000,
}, async (t) => {
  const broker = await brokerFor(t, { listeners: [{ type: 'ws', host: '127.0.0.1', port: 0 }] });
  const port = broker.addresses[1]?.port;
  const context = await (await launch()).newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const openedFrom = async (name: string): Promise<string> => {
    // The listener's own answer is a page of that origin: all that an attacker's server would have to send.
    await page.goto(`http://${name}:${port}/`);
    return page.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url);
          socket.onopen = () => resolve('open');
          socket.onerror = () => resolve('refused');
        }),
      `ws://${name}:${port}/leveret`,
    );
  };
  assert.equal(await openedFrom('localhost'), 'open', 'a page of this machine is refused');
  assert.equal(await openedFrom('evil.example'), 'refused', 'a page of evil.example reached the broker');
});
