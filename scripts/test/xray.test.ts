// deadline: 120 s
// needs: chromium
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { startEchoServer } from '#framing/net';
import { startBroker } from '#protocol/broker';
import { launch } from '../../final/inspector/test/chromium.ts';
import { type Running, startScript } from './run-script.ts';

const TIMEOUT = { timeout: 60_000 };

/** An x-ray in front of a port; resolves with the port to connect to, and the address of the page. */
async function startXray(t: TestContext, port: number, ...args: string[]) {
  const running: Running = startScript('xray', [String(port), ...args], t.signal);
  t.after(() => running.child.kill('SIGKILL'));
  const [, to] = await running.printed(/connect to 127\.0\.0\.1:(\d+)/);
  const [, page = ''] = await running.printed(/the page: (\S+)/);
  return { ...running, to: Number(to), page };
}

/** Sends bytes and resolves with so many that came back. */
async function converse(t: TestContext, port: number, hex: string, count: number): Promise<string> {
  const socket: Socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  let came = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    came = Buffer.concat([came, chunk]);
    if (came.length >= count) break;
  }
  return came.toString('hex');
}

test(
  'frames of an echo server pass unchanged, and are explained by size, type and body',
  TIMEOUT,
  async (t) => {
    const server = await startEchoServer();
    t.after(() => server.close());
    const xray = await startXray(t, server.port, '--plain');
    const frame = '00000006 05 68656c6c6f';
    assert.equal(await converse(t, xray.to, frame, 10), frame.replaceAll(' ', ''), 'what comes back');
    await xray.printed(/#1 → type 5 {2}10 bytes\n {4}0000 {2}00 00 00 06 +size {2}6 {2}bytes follow/);
    await xray.printed(/0005 {2}68 65 6c 6c 6f +body {2}"hello"\n#1 ← type 5/);
  },
);

test('what is wrong with a frame is said where it is', TIMEOUT, async (t) => {
  const broker = await startBroker();
  t.after(() => broker.close());
  const xray = await startXray(t, broker.port);
  await converse(t, xray.to, '00000009 01 00 00 03 616263 0000', 10);
  await xray.printed(/#1 → HELLO .*\n[\s\S]*wrong: \w+: /);
  await xray.printed(/#1 ← ERROR/);
  await converse(t, xray.to, '00000000', 10);
  await xray.printed(/#2 → no frame: BAD_FRAME: .*size of at least 1[\s\S]*0000 {2}00 00 00 00/);
});

test('the inspector’s page shows the frames, and its client talks through the proxy', TIMEOUT, async (t) => {
  const broker = await startBroker();
  t.after(() => broker.close());
  const xray = await startXray(t, broker.port, '--quiet');
  const page = await (await launch()).newPage();
  t.after(() => page.close());
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.setDefaultTimeout(20_000);
  await page.goto(xray.page);
  await page.fill('#publish [name=topic]', 'greetings');
  await page.fill('#publish [name=payload]', 'good morning');
  await page.click('#publish button[type=submit]');
  await page.locator('#publish-result', { hasText: 'published as id 1' }).waitFor();
  await page.locator('#frames [role=option]', { hasText: 'WELCOME' }).first().waitFor();
  assert.deepEqual(errors, [], 'the page has no error');
});
