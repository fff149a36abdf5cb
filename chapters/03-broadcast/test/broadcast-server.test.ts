import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BroadcastServerOptions, startBroadcastServer } from '#broadcast/server';
import { encodeFrame } from '#framing';
import { type RawSocket, until } from '../../01-framed-echo/test/raw-socket.ts';
import { expectRound, HELLO, join, joinOne, start } from './server-support.ts';

describe('broadcast server', { timeout: 20_000 }, () => {
  it('sends a frame of one to all, the sender among them', async (t) => {
    const { server } = await start(t);
    const clients = await join(t, server, 3);
    clients[1]?.write(HELLO);
    for (const client of clients) await client.expect(HELLO);
  });

  it('passes every type and body on as it came, the empty body too', async (t) => {
    const { server } = await start(t);
    const [ann, bob] = (await join(t, server, 2)) as [RawSocket, RawSocket];
    for (const type of [0, 1, 0x4b, 0x4d, 255]) {
      for (const length of [0, 1, 300, 65_535]) {
        const frame = encodeFrame(type, Buffer.alloc(length, length));
        ann.write(frame);
        await ann.expect(frame);
        await bob.expect(frame);
      }
    }
  });

  it('gives all clients the same order, however many send at once', async (t) => {
    const { server } = await start(t);
    const clients = await join(t, server, 4);
    clients.forEach((client, who) => {
      for (let n = 0; n < 100; n += 1) client.write(Buffer.from([0, 0, 0, 3, 1, who, n]));
    });
    const logs = await Promise.all(clients.map((client) => client.read(400 * 7)));
    for (const log of logs) assert.deepEqual(log, logs[0], 'the order is the same for all');
    const next = [0, 0, 0, 0];
    for (let at = 0; at < 400 * 7; at += 7) {
      const [who = 0, n] = logs[0]!.subarray(at + 5);
      assert.equal(n, next[who], `the frames of client ${who} are in order`);
      next[who]! += 1;
    }
    assert.deepEqual(next, [100, 100, 100, 100], 'none is missing');
  });

  it('takes a frame in single bytes', async (t) => {
    const { server } = await start(t);
    const clients = await join(t, server, 2);
    await clients[0]?.writeInPieces(HELLO);
    for (const client of clients) await client.expect(HELLO);
  });

  it('loses nothing of a burst that is far larger than the ring, for clients that read', async (t) => {
    const { server } = await start(t, { capacity: 512 });
    const clients = await join(t, server, 3);
    // Ten rings in one chunk, and yet few enough bytes (35 kB) for the system to take, however busy the machine.
    const burst = Buffer.concat(
      Array.from({ length: 5_000 }, (_, n) => encodeFrame(1, Buffer.from([n >> 8, n & 255]))),
    );
    clients[0]?.write(burst);
    for (const client of clients) await client.expect(burst);
  });

  it('sends what was published before a client ended its half, then ends', async (t) => {
    const { server, closed } = await start(t);
    const others = await join(t, server, 2);
    const client = await joinOne(t, server);
    client.write(HELLO);
    client.end();
    await client.expect(HELLO);
    await client.expectClosed('end');
    for (const other of others) await other.expect(HELLO);
    await expectRound(others);
    await client.close();
    await until(() => server.connections === 2, { what: 'the connection is gone' });
    assert.deepEqual(closed, [], 'nobody was closed for an error');
  });

  it('refuses options that cannot be right, naming the value', async () => {
    const bad: Array<[BroadcastServerOptions, RegExp]> = [
      [{ capacity: 0 }, /capacity.*not 0$/],
      [{ capacity: 2 ** 24 + 1 }, /capacity.*not 16777217$/],
      [{ limit: 0 }, /limit.*not 0$/],
      [{ limit: 2 ** 32 }, /limit.*not 4294967296$/],
    ];
    for (const [options, message] of bad) {
      await assert.rejects(
        startBroadcastServer(options),
        { code: 'BAD_OPTION', message },
        JSON.stringify(options),
      );
    }
  });

  it('says ADDRESS_IN_USE for a port that is taken', async (t) => {
    const { server } = await start(t);
    await assert.rejects(
      startBroadcastServer({ port: server.port }),
      { code: 'ADDRESS_IN_USE' },
      'the port is taken',
    );
  });
});
