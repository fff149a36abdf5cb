import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { boundPort, listen } from '#framing/net';
import { createBroker } from '../../index.ts';
import { connect } from '../index.ts';
import { TEST_CERTIFICATE } from './certificate.ts';
import { startBroker, take, texts } from './support.ts';

const timeout = 20_000;

for (const [url, why] of [
  ['localhost:7410', /begins with leveret:/],
  ['http://localhost:7410', /begins with leveret:/],
  ['leveret://', /a host/],
  ['leveret://host:port', /a port from 1/],
  ['leveret://secret@host:99999', /"leveret:\/\/…@host:99999" is no address/],
  ['leveret://host:7410/path', /nothing stands behind the port/],
  ['leveret://%@host', /written %25/],
  ['', /begins with/],
] as const) {
  test(`a wrong address: ${url}`, { timeout }, async () => {
    await assert.rejects(connect(url), { code: 'BAD_URL', message: why });
  });
}

test('nobody there', { timeout }, async () => {
  const broker = await createBroker({ port: 0 });
  await broker.close(0);
  await assert.rejects(connect(`leveret://127.0.0.1:${broker.port}`), {
    code: 'REFUSED',
    message: /nobody answers at leveret:\/\/127.0.0.1:\d+: start a broker/,
  });
  await assert.rejects(connect(`ws://127.0.0.1:${broker.port}`), { code: 'REFUSED' });
});

test('somebody else is there', { timeout }, async (t) => {
  const server = createServer((socket) =>
    socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  );
  await listen(server, '127.0.0.1', 0);
  t.after(() => server.close());
  await assert.rejects(connect(`leveret://127.0.0.1:${boundPort(server)}`), {
    code: 'BAD_BROKER',
    message: /Is this the port of a leveret broker/,
  });
});

test('somebody is there and says nothing', { timeout }, async (t) => {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => sockets.add(socket));
  await listen(server, '127.0.0.1', 0);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = `leveret://127.0.0.1:${boundPort(server)}`;
  await assert.rejects(connect(url, { connectTimeoutMs: 30 }), { code: 'TIMEOUT', message: /no welcome/ });
  const controller = new AbortController();
  const waits = connect(url, { signal: controller.signal });
  controller.abort();
  await assert.rejects(waits, { code: 'ABORTED' });
  await assert.rejects(connect(url, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
});

test('a wrong token, a right one, and one from the URL', { timeout }, async (t) => {
  const broker = await startBroker(t, { auth: { tokens: [{ token: 'se cret' }] } });
  const at = `127.0.0.1:${broker.port}`;
  await assert.rejects(connect(`leveret://${at}`), { code: 'DENIED', message: /asks for a token/ });
  await assert.rejects(connect(`leveret://${at}`, { token: 'x', retryFirst: true }), { code: 'DENIED' });
  await (await connect(`leveret://${at}`, { token: 'se cret' })).close();
  await (await connect(`leveret://se%20cret@${at}`)).close();
});

test('the first connecting waits for a broker to come, where asked to', { timeout }, async (t) => {
  const first = await createBroker({ port: 0 });
  await first.close(0);
  const waits = connect(`leveret://127.0.0.1:${first.port}`, {
    retryFirst: true,
    reconnect: { maxMs: 50 },
  });
  const broker = await createBroker({ port: first.port });
  t.after(() => broker.close(0));
  await (await waits).close();
});

test('TLS: the right certificate, a wrong one, and no TLS at all', { timeout }, async (t) => {
  const { cert, key } = TEST_CERTIFICATE;
  const host = '127.0.0.1';
  const broker = await startBroker(t, {
    tls: { cert, key },
    listeners: [
      { type: 'tls', host, port: 0 },
      { type: 'wss', host, port: 0 },
      { type: 'ws', host, port: 0 },
    ],
  });
  const [tcp, tls, wss, ws] = broker.addresses.map(({ port }) => port);
  await assert.rejects(connect(`leverets://localhost:${tls}`), { code: 'TLS', message: /tls\.ca/ });
  await assert.rejects(connect(`wss://localhost:${wss}`), { code: 'TLS', message: /tls\.ca/ });
  await assert.rejects(connect(`leverets://localhost:${tcp}`), { code: 'TLS', message: /speak TLS/ });
  for (const url of [`leverets://localhost:${tls}`, `wss://localhost:${wss}`, `ws://localhost:${ws}`]) {
    await using client = await connect(url, { tls: { ca: cert } });
    const subscription = await client.subscribe('news');
    const sent = Array.from({ length: 3_000 }, (_, i) => `${i} ${'x'.repeat(i % 500)}`);
    for (const text of sent) client.publish('news', text);
    assert.deepEqual(texts(await take(subscription, sent.length)), sent);
    const payload = new Uint8Array(1_000_000).fill(7);
    client.publish('news', payload);
    const [large] = await take(subscription, 1);
    assert.deepEqual(large?.payload.length, payload.length);
  }
});

test('a WebSocket with a wrong path, or closed by the broker', { timeout }, async (t) => {
  const host = '127.0.0.1';
  const broker = await createBroker({ port: 0, listeners: [{ type: 'ws', host, port: 0 }] });
  t.after(() => broker.close(0));
  const url = `ws://127.0.0.1:${broker.addresses[1]!.port}`;
  await assert.rejects(connect(`${url}/elsewhere`), { code: 'REFUSED' });
  const client = await connect(url, { reconnect: false });
  await broker.close(0);
  assert.equal((await client.closed)?.code, 'DISCONNECTED');
});
