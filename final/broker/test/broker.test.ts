import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { clientCodec } from '#protocol';
import { RawClient, until } from '../../../chapters/04-full-protocol/test/conversation-client.ts';
import {
  publish,
  subscribe,
  unsubscribe,
} from '../../../chapters/04-full-protocol/test/conversation-requests.ts';
import { textOf } from '../../../chapters/04-full-protocol/test/golden-vectors.ts';
import { createBroker } from '../../index.ts';
import { brokerFor, clientFor } from './start.ts';

const TIMEOUT = { timeout: 30_000 };
const hello = clientCodec.encode({ type: 'HELLO', version: 1, name: 'ws', token: '' });

test('the broker tells of itself and of its topics, while somebody listens', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const client = await clientFor(t, broker);
  client.frames(publish(0, 'a', 'x'), subscribe(1, '$sys.topics'), subscribe(2, '$sys.status'));
  await client.expect({ type: 'OK', request: 1 });
  await client.expect({ type: 'OK', request: 2 });
  const told = new Map<string, unknown>();
  while (told.size < 2) {
    const { topic, records } = await client.expect({ type: 'MESSAGES' });
    told.set(topic, JSON.parse(textOf(records[0]!.payload)));
  }
  assert.equal((told.get('$sys.topics') as { name: string }[])[0]?.name, 'a');
  assert.equal((told.get('$sys.status') as { connections: number }).connections, 1);
});

test('a WebSocket carries the same frames, cut anywhere', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { listeners: [{ type: 'ws', port: 0 }] });
  const { port } = broker.addresses[1]!;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/leveret`);
  t.after(() => socket.terminate());
  const received: Buffer[] = [];
  socket.on('message', (message) => received.push(message as Buffer));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const bytes = Buffer.concat([
    hello,
    clientCodec.encode(subscribe(1, 'a')),
    clientCodec.encode(publish(2, 'a', 'x')),
  ]);
  for (const byte of bytes) socket.send(Buffer.of(byte));
  await until(() => Buffer.concat(received).includes('x'), 'the message comes back');
});

test('a page from elsewhere may not connect, one from the list may', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, {
    listeners: [{ type: 'ws', port: 0 }],
    allowedOrigins: ['https://good.example'],
  });
  const { port } = broker.addresses[1]!;
  const attempt = (origin: string, path = '/leveret') =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { origin });
      t.after(() => socket.terminate());
      socket.once('open', () => resolve('open'));
      socket.once('error', (error) => resolve(error.message));
    });
  assert.match(await attempt('https://evil.example'), /403/);
  assert.match(await attempt('null'), /403/);
  assert.equal(await attempt('https://good.example'), 'open');
  assert.equal(await attempt(`http://127.0.0.1:${port}`), 'open');
  assert.match(await attempt(`http://127.0.0.1:${port}`, '/elsewhere'), /404/);
});

test('a port in use: one line, and what was opened before is closed again', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const taken = { type: 'ws', port: broker.port } as const;
  await assert.rejects(
    createBroker({ port: 0, listeners: [taken] }),
    (error: { code: string; message: string }) => {
      return error.code === 'ADDRESS_IN_USE' && !error.message.includes('\n');
    },
  );
});

test('at the end clients get what is published, and CLOSING; newcomers are refused', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const client = await clientFor(t, broker);
  client.frames(subscribe(1, 'a'), publish(2, 'a', 'last words'));
  await client.expect({ type: 'OK' });
  await client.expect({ type: 'PUBLISHED' });
  const closed = broker.close();
  await client.expect({ type: 'MESSAGES' });
  await client.expect({ type: 'CLOSING' });
  await client.expectEnd();
  await client.close();
  await closed;
  await assert.rejects(RawClient.open(broker));
});

test('much in one write is answered in order, what is broken last of all', TIMEOUT, async (t) => {
  const broker = await brokerFor(t);
  const [client, bystander] = [await clientFor(t, broker), await clientFor(t, broker)];
  const count = 20_000;
  const ping = { type: 'PING', bytes: Buffer.from('p') } as const;
  const requests = Array.from({ length: count }, (_, i) =>
    i % 2 === 0 ? publish(i + 1, 't', `${i}`) : unsubscribe(i + 1, 't'),
  );
  const bytes = [...requests, ping].map((frame) => clientCodec.encode(frame));
  // A frame of no type, behind everything else, in the same write.
  client.bytes(Buffer.concat([...bytes, Buffer.from('0000000000', 'hex')]));
  await bystander.expectAlive();
  for (let request = 1; request <= count; request += 2) {
    await client.expect({ type: 'PUBLISHED', request, firstId: (request + 1) / 2 });
    await client.expectError('NOT_SUBSCRIBED', request + 1);
  }
  await client.expect({ type: 'PONG' });
  await client.expectError('BAD_FRAME');
  await client.expectEnd();
});

test('watchers see frames, but no tokens', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { auth: { tokens: [{ token: 'hush-hush' }] } });
  const seen: Buffer[] = [];
  const stop = broker.watchFrames(({ bytes }) => seen.push(bytes));
  const client = await clientFor(t, broker, 'hush-hush');
  client.frames(publish(1, 'a', 'payload'));
  await client.expect({ type: 'PUBLISHED' });
  stop();
  const all = Buffer.concat(seen);
  assert.ok(all.includes('payload'), 'a watcher sees payloads');
  assert.ok(!all.includes('hush'), 'a watcher never sees a token');
  assert.equal(broker.core.watch.on, false);
});
