import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { closeSoon, FrameWriter } from '#framing/net';
import { hex, soon, until } from './raw-socket.ts';
import { socketPair } from './socket-pair.ts';

const TIMEOUT = { timeout: 20_000 };

describe('the writing half', TIMEOUT, () => {
  test('writes frames, and ends its direction only', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    const writer = new FrameWriter(socket);
    assert.equal(writer.write(1, hex('6869')), true, 'the socket takes more');
    await soon(writer.send(2, hex('')), 'the second frame is sent');
    writer.end();
    await client.expect('00000003 01 6869 00000001 02');
    await client.expectClosed('end');
    client.write('00000001 03');
    const [chunk] = (await soon(once(socket, 'data'), 'the bytes of the client')) as [Buffer];
    assert.equal(chunk.toString('hex'), '0000000103', 'the other direction is open');
    await assert.rejects(
      soon(writer.send(4, hex('')), 'send after the end'),
      { code: 'DISCONNECTED' },
      'this direction is closed',
    );
  });

  test('send waits while the other side does not read, and goes on when it does', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.pause();
    const writer = new FrameWriter(socket);
    const body = Buffer.alloc(4_000_000);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 10; sent++) await writer.send(1, body);
    })();
    await until(() => socket.writableNeedDrain, { what: 'the socket is full' });
    assert.equal(
      await Promise.race([sending, new Promise((resolve) => setImmediate(resolve, 'waiting'))]),
      'waiting',
      'it waits',
    );
    client.resume();
    for (let i = 0; i < 10; i++) assert.equal((await client.readFrame()).length, 4_000_005, `frame ${i}`);
    await soon(sending, 'every send');
    assert.equal(sent, 10, 'all were sent');
  });

  test('a send that waits is told when the connection breaks', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.pause();
    const writer = new FrameWriter(socket);
    const body = Buffer.alloc(4_000_000);
    const sending = (async () => {
      for (;;) await writer.send(1, body);
    })();
    const rejected = assert.rejects(sending, { code: 'DISCONNECTED' }, 'who waits is told');
    await until(() => socket.writableNeedDrain, { what: 'the socket is full' });
    client.reset();
    await soon(rejected, 'the error of the send that waits');
    await assert.rejects(
      soon(writer.drained(), 'drained on a broken connection'),
      { code: 'DISCONNECTED' },
      'who waits later is told',
    );
  });

  test('however many wait, they wait together', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.pause();
    const writer = new FrameWriter(socket);
    const listeners = socket.listenerCount('close');
    const waiting = Array.from({ length: 50 }, () => writer.send(1, Buffer.alloc(200_000)));
    assert.ok(
      socket.listenerCount('close') <= listeners + 2,
      `50 that wait have ${socket.listenerCount('close') - listeners} listeners for the end`,
    );
    client.resume();
    for (let i = 0; i < 50; i++) assert.equal((await client.readFrame()).length, 200_005, `frame ${i}`);
    await soon(Promise.all(waiting), 'all that waited');
  });
});

describe('closing soon', TIMEOUT, () => {
  test('sends what was written, however slowly it is taken, and then ends', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.pause();
    const bytes = Buffer.alloc(8_000_000, 7);
    socket.write(bytes);
    assert.ok(socket.writableLength > 0, 'the system has not taken all of it');
    closeSoon(socket);
    client.resume();
    await client.expect(bytes);
    await client.expectClosed('end');
  });

  test('a peer that does not read cannot hold the connection open', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.pause();
    socket.write(Buffer.alloc(16_000_000));
    closeSoon(socket);
    await until(() => socket.destroyed, { what: 'the connection is given up' });
  });
});
