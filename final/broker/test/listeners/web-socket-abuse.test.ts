/** What a WebSocket can do to a broker beneath the protocol: send pings whose answers it does not read. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { clientCodec } from '#protocol';
import { until } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import { publish } from '../../../../chapters/04-full-protocol/test/conversation-requests.ts';
import type { Broker } from '../../../index.ts';
import { encodeWebSocketFrame, UPGRADE } from '../fuzz/web-socket-frames.ts';
import { brokerFor, clientFor } from '../start.ts';

const TIMEOUT = { timeout: 30_000 };
const MiB = 1_048_576;
const listeners = [{ type: 'ws', host: '127.0.0.1', port: 0, path: '/leveret' }] as const;
const good = { fin: true, reserved: 0, masked: true, lie: 0 };

/** A WebSocket that was let in, and is not read from. */
async function openWebSocket(t: TestContext, broker: Broker): Promise<Socket> {
  const socket = connect({ port: broker.addresses[1]?.port ?? 0, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.write(UPGRADE);
  const head = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  assert.match(head.toString('latin1'), /^HTTP\/1\.1 101 /, 'it is not let in');
  socket.pause();
  return socket;
}

/** Sends the bytes again and again, until the broker is rid of the connection or so many were sent. */
async function flood(broker: Broker, socket: Socket, bytes: Buffer, most: number): Promise<void> {
  for (let sent = 0; sent < most && broker.core.table.size > 1; sent += bytes.length) {
    socket.write(bytes);
    await until(() => socket.writableLength < MiB || broker.core.table.size === 1, 'the bytes are out');
  }
}

test('a WebSocket that pings and reads nothing is ended', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { listeners: [...listeners] });
  const bystander = await clientFor(t, broker);
  const socket = await openWebSocket(t, broker);
  const ping = encodeWebSocketFrame({ ...good, opcode: 9, payload: Buffer.alloc(125) });
  await flood(broker, socket, Buffer.concat(Array.from({ length: 500 }, () => ping)), 200 * MiB);
  await until(() => broker.core.table.size === 1, 'the connection is ended');
  await bystander.expectAlive();
});

for (const [what, frame] of [
  ['breaks the rules', encodeWebSocketFrame({ ...good, opcode: 15, payload: Buffer.alloc(1) })],
  [
    'never ends a message',
    encodeWebSocketFrame({ ...good, fin: false, opcode: 2, payload: Buffer.alloc(0) }),
  ],
] as const) {
  test(`a WebSocket that ${what} and reads nothing is gone by closeTimeoutMs`, TIMEOUT, async (t) => {
    const broker = await brokerFor(t, { listeners: [...listeners], closeTimeoutMs: 300 });
    const bystander = await clientFor(t, broker);
    const socket = await openWebSocket(t, broker);
    assert.equal(broker.core.table.size, 2, 'it is there');
    const more = encodeWebSocketFrame({ ...good, fin: false, opcode: 0, payload: Buffer.alloc(0) });
    socket.write(frame);
    const began = performance.now();
    await flood(broker, socket, Buffer.concat(Array.from({ length: 500 }, () => more)), MiB);
    await until(() => broker.core.table.size === 1, 'the connection is ended');
    const took = performance.now() - began;
    assert.ok(took < 10_000, `it kept its place for ${Math.round(took)} ms`);
    await bystander.expectAlive();
  });
}

test('messages of WebSockets that have come in part are bounded over all connections', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { listeners: [...listeners], maxUnfinishedBytes: 2 * MiB });
  const bystander = await clientFor(t, broker);
  const message = encodeWebSocketFrame({ ...good, opcode: 2, payload: Buffer.alloc(500_000) });
  for (let i = 0; i < 10; i++) {
    const socket = await openWebSocket(t, broker);
    socket.write(message.subarray(0, -1));
    await until(() => socket.writableLength === 0, 'it is on its way');
  }
  await until(() => broker.core.table.size <= 5, 'those that were begun first are gone');
  await bystander.expectAlive();
  assert.ok(broker.core.unfinished.bytes > MiB, 'what has come in part is not counted');
  assert.ok(broker.core.unfinished.bytes <= 2 * MiB, `${broker.core.unfinished.bytes} bytes are held`);
});

test('whole messages of WebSockets, however they are cut, leave nothing counted', TIMEOUT, async (t) => {
  const broker = await brokerFor(t, { listeners: [...listeners], maxUnfinishedBytes: MiB });
  const socket = await openWebSocket(t, broker);
  socket.resume();
  let answered = 0;
  socket.on('data', (chunk) => (answered += chunk.length));
  const send = (fin: boolean, opcode: number, payload: Uint8Array) =>
    socket.write(encodeWebSocketFrame({ ...good, fin, opcode, payload }));
  send(true, 2, clientCodec.encode({ type: 'HELLO', version: 1, name: 'cut', token: '' }));
  await until(() => answered > 0, 'it is welcomed');
  const frame = clientCodec.encode(publish(0, 't', 'x'.repeat(300_000)));
  for (let i = 0; i < 30; i++) {
    send(true, 2, frame);
    for (let at = 0; at < frame.length; at += 10_000) {
      const piece = frame.subarray(at, at + 10_000);
      send(at + 10_000 >= frame.length, at === 0 ? 2 : 0, piece);
    }
    send(true, 9, Buffer.alloc(20));
  }
  await until(() => broker.status().published === 60, 'all of them have come');
  await until(() => broker.core.unfinished.bytes === 0, 'nothing is counted any more');
});
