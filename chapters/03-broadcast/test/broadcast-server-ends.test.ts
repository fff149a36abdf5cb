import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RawSocket, until } from '../../01-framed-echo/test/raw-socket.ts';
import { DEADLINE_MS, expectRound, HELLO, join, joinOne, start } from './server-support.ts';

describe('broadcast server, connections that end', { timeout: 20_000 }, () => {
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
      await until(() => closed.length > 0, { what: 'the server gave a reason', deadlineMs: DEADLINE_MS });
      assert.equal(closed.length, 1, 'one reason');
      assert.ok(code.split(' or ').includes(closed[0]!), `closed for ${closed[0]}, expected ${code}`);
      await client.readUntilClosed();
      await until(() => server.connections === 2, {
        what: 'the connection is gone',
        deadlineMs: DEADLINE_MS,
      });
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
      await until(() => server.connections === 2, {
        what: 'the connection is gone',
        deadlineMs: DEADLINE_MS,
      });
    }
    await until(() => closed.length === 50, { what: 'every one is reported', deadlineMs: DEADLINE_MS });
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
});
