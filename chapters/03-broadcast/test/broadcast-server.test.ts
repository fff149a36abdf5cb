import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  type BroadcastServerOptions,
  decodeLagged,
  encodeLagged,
  LAGGED_TYPE,
  startBroadcastServer,
} from '#broadcast/server';
import { encodeFrame, type LeveretError } from '#framing';
import type { RunningServer } from '#framing/net';
import { hex, RawSocket, type RawSocketOptions, until } from '../../01-framed-echo/test/raw-socket.ts';

const HELLO = '00000006 01 68656c6c6f'; // type 1, "hello"

/** A server that ends with the test, and the reasons for which it closed connections. */
async function start(t: TestContext, options: BroadcastServerOptions = {}) {
  const closed: string[] = [];
  const onError = (error: LeveretError) => closed.push(error.code);
  const server = await startBroadcastServer({ ...options, onError });
  t.after(() => server.close());
  return { server, closed };
}

/** Clients that are all subscribed: each has seen the frame that the last one sent. */
async function join(t: TestContext, server: RunningServer, count: number): Promise<RawSocket[]> {
  const clients = await Promise.all(
    Array.from({ length: count }, () => RawSocket.connect({ port: server.port })),
  );
  t.after(() => Promise.all(clients.map((client) => client.close())));
  await until(() => server.connections >= count, { what: `${count} connections` });
  clients.at(-1)?.write('00000001 00');
  for (const client of clients) await client.expect('00000001 00');
  return clients;
}

async function joinOne(t: TestContext, server: RunningServer, options: Partial<RawSocketOptions> = {}) {
  const before = server.connections;
  const client = await RawSocket.connect({ port: server.port, ...options });
  t.after(() => client.close());
  await until(() => server.connections > before, { what: 'one more connection' });
  return client;
}

/** Others are served: a frame makes the round from one to all. */
async function expectRound(clients: RawSocket[], bytes = '00000003 02 6f6b'): Promise<void> {
  clients[0]?.write(bytes);
  for (const client of clients) await client.expect(bytes);
}

describe('broadcast server', { timeout: 30_000, concurrency: 4 }, () => {
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

  it('tells a client that did not read how many frames it missed, while others miss none', async (t) => {
    const { server, closed } = await start(t, { capacity: 64 });
    const [ann, bob] = (await join(t, server, 2)) as [RawSocket, RawSocket];
    const sleeper = await joinOne(t, server, { reading: false });
    await expectRound([ann, bob]); // the sleeper gets this one too
    // 32 MiB: far more than the buffers of the operating system take for a client that does not read.
    const total = 2_048;
    const body = Buffer.alloc(16_384);
    for (let n = 0; n < total; n += 32) {
      const batch = Array.from({ length: 32 }, (_, i) => {
        body.writeUInt32BE(n + i);
        return encodeFrame(1, body);
      });
      for (const frame of batch) ann.write(frame);
      for (const client of [ann, bob]) {
        for (const frame of batch) await client.expect(frame);
      }
    }
    sleeper.startReading();
    await sleeper.expect('00000003 02 6f6b');
    let next = 0;
    let notices = 0;
    while (next < total) {
      const frame = await sleeper.readFrame();
      if (frame[4] === LAGGED_TYPE) {
        assert.equal(frame.length, 9, 'a lagged frame has nine bytes');
        assert.ok(frame.readUInt32BE(5) > 0, 'a loss of nothing is not told');
        next += frame.readUInt32BE(5);
        notices += 1;
      } else {
        assert.equal(frame.readUInt32BE(5), next, 'what follows is what was not missed');
        next += 1;
      }
    }
    assert.equal(next, total, 'received and missed, together');
    assert.ok(notices >= 1, 'it lagged');
    await expectRound([ann, bob, sleeper]);
    assert.deepEqual(closed, [], 'nobody was closed for an error');
  });

  it('closes a client that is stuck when it goes, and serves the others', async (t) => {
    const { server, closed } = await start(t, { capacity: 64 });
    const clients = await join(t, server, 2);
    const stuck = await joinOne(t, server, { reading: false });
    const frame = encodeFrame(1, Buffer.alloc(16_384));
    // 8 MiB: more than its socket takes, so its writing half waits.
    for (let n = 0; n < 512; n += 1) {
      clients[0]?.write(frame);
      for (const client of clients) await client.expect(frame);
    }
    stuck.reset();
    await until(() => server.connections === 2, { what: 'its connection is gone' });
    await until(() => closed.length > 0, { what: 'the server gave a reason' });
    assert.deepEqual(closed, ['DISCONNECTED'], 'why it was closed');
    await expectRound(clients);
  });

  const broken: Array<[string, string, (client: RawSocket) => Promise<void> | void]> = [
    ['a size of 0', 'BAD_FRAME', (client) => client.write('00000000')],
    ['a size above the limit', 'TOO_LARGE', (client) => client.write('00010001')],
    ['the largest size there is', 'TOO_LARGE', (client) => client.write('ffffffff 01')],
    ['a good frame and a bad one in one piece', 'BAD_FRAME', (client) => client.write(`${HELLO} 00000000`)],
    [
      'a frame of the type that only the server sends',
      'RESERVED_TYPE',
      (c) => c.write('00000005 4c 00000001'),
    ],
    [
      'an end in mid-frame',
      'TRUNCATED',
      (client) => {
        client.write('00000006 01 6865');
        client.end();
      },
    ],
    [
      'a reset in mid-frame',
      // When bytes and the reset are there together, libuv reports the bytes and then a plain end.
      'DISCONNECTED or TRUNCATED',
      async (client) => {
        client.write('00000006 01 6865');
        await client.flush();
        client.reset();
      },
    ],
  ];
  for (const [what, code, send] of broken) {
    it(`closes a connection for ${what} (${code}), and serves the others`, async (t) => {
      const { server, closed } = await start(t);
      const others = await join(t, server, 2);
      const client = await joinOne(t, server);
      await send(client);
      await until(() => closed.length > 0, { what: 'the server gave a reason' });
      assert.equal(closed.length, 1, 'one reason');
      assert.ok(code.split(' or ').includes(closed[0]!), `closed for ${closed[0]}, expected ${code}`);
      await client.readUntilClosed();
      await until(() => server.connections === 2, { what: 'the connection is gone' });
      // What was good before the bad frame was published.
      if (what.startsWith('a good frame')) for (const other of others) await other.expect(HELLO);
      await expectRound(others);
    });
  }

  it('reports every client that vanishes, and forgets it', async (t) => {
    const { server, closed } = await start(t);
    const stays = await join(t, server, 2);
    for (let n = 0; n < 50; n += 1) {
      const client = await joinOne(t, server);
      client.reset();
      await until(() => server.connections === 2, { what: 'the connection is gone' });
    }
    await until(() => closed.length === 50, { what: 'every one is reported' });
    await expectRound(stays);
  });

  it('close() ends every connection', async (t) => {
    const { server } = await start(t);
    const clients = await join(t, server, 2);
    await server.close();
    for (const client of clients) await client.expectClosed();
    assert.equal(server.connections, 0, 'none is left');
    await assert.rejects(RawSocket.connect({ port: server.port }), 'nobody listens any more');
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

describe('lagged frame', () => {
  it('is type 0x4c with a u32 count', () => {
    assert.equal(LAGGED_TYPE, 0x4c, 'its type');
    assert.deepEqual(encodeFrame(LAGGED_TYPE, encodeLagged(258)), hex('00000005 4c 00000102'), 'its bytes');
    assert.equal(decodeLagged(hex('00000102')), 258, 'its count');
    assert.deepEqual(encodeLagged(2 ** 32 + 7), hex('ffffffff'), 'a count beyond 32 bits');
    for (const body of ['', '000102', '0000010203']) {
      assert.throws(() => decodeLagged(hex(body)), { code: 'BAD_FRAME' }, `a body of ${body}`);
    }
  });
});
