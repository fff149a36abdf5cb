// deadline: 120 s
// needs: chromium
/**
 * The brokers that a reader builds, in chapters 4 and 6, serve the clients of the product unchanged: the command line, and
 * the page in a browser, which speaks WebSocket. A bridge copies the bytes of each WebSocket to a TCP connection and back.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { RunningServer } from '#framing/net';
import { startLogBroker } from '#log/broker';
import { startBroker } from '#protocol/broker';
import { runCli, startCli } from '../../cli/test/run-cli.ts';
import { page } from '../page-files.ts';
import { launch } from './chromium.ts';
import { endWith } from './scene.ts';

const timeout = 60_000;

const BROKERS: Readonly<Record<string, () => Promise<RunningServer>>> = {
  'chapter 4': () => startBroker(),
  'chapter 6': () => startLogBroker(),
};

/** Serves the page, and bridges its WebSocket to a broker. */
async function servePage(t: TestContext, broker: RunningServer): Promise<string> {
  const files = await page.get();
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': file.type }).end(file.body);
  });
  const sockets = new WebSocketServer({ server, path: '/leveret' });
  sockets.on('connection', (webSocket) => {
    const stream = createWebSocketStream(webSocket);
    const socket = connect(broker.port, broker.host);
    for (const end of [stream, socket]) end.on('error', () => end.destroy());
    stream.pipe(socket).pipe(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endWith(t, () => {
    for (const webSocket of sockets.clients) webSocket.terminate();
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

for (const [name, start] of Object.entries(BROKERS)) {
  test(`${name}: leveret pub and sub`, { timeout }, async (t) => {
    const broker = await start();
    endWith(t, () => broker.close());
    const env = { LEVERET_URL: `leveret://${broker.host}:${broker.port}` };
    const sub = startCli(t, ['sub', 'greetings', '-n', '2'], { env });
    await sub.printed(/subscribed to greetings/);
    for (const text of ['good morning', 'good night']) {
      const { code, stderr } = await runCli(t, ['pub', 'greetings', text, '--confirm'], { env });
      assert.equal(code, 0, stderr);
    }
    const { code, stdout, stderr } = await sub.ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /good morning[\s\S]*good night/, 'both messages are printed, in order');
  });

  test(`${name}: the page talks to it`, { timeout }, async (t) => {
    const broker = await start();
    endWith(t, () => broker.close());
    const url = await servePage(t, broker);
    const context = await (await launch()).newContext();
    endWith(t, () => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(url);
    await page.fill('#subscribe [name=topic]', 'greetings');
    await page.click('#subscribe button[type=submit]');
    await page.locator('#subscribe-result', { hasText: 'subscribed to' }).waitFor();
    await page.fill('#publish [name=topic]', 'greetings');
    await page.fill('#publish [name=payload]', 'good morning');
    await page.click('#publish button[type=submit]');
    await page.locator('#publish-result', { hasText: 'published as id 1' }).waitFor();
    const message = page.locator('#messages li').first();
    await message.waitFor();
    assert.match(await message.innerText(), /greetings[\s\S]*good morning/, 'the message is shown');
  });
}
