import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { FrameError, type LeveretError } from '#framing';
import { type RunningServer, type ServerOptions, startServer } from '#framing/net';
import { RawSocket, soon, until } from './raw-socket.ts';

const TIMEOUT = { timeout: 20_000 };

async function serving(t: TestContext, options: ServerOptions): Promise<RunningServer> {
  const server = await soon(startServer(options), 'startServer()');
  t.after(() => server.close());
  return server;
}

async function connected(t: TestContext, { port }: { port: number }): Promise<RawSocket> {
  const client = await RawSocket.connect({ port });
  t.after(() => client.close());
  return client;
}

describe('a server and its connections', TIMEOUT, () => {
  test('each connection is handed over, and counted while it is open', TIMEOUT, async (t) => {
    const server = await serving(t, { onConnection: (socket) => socket.write('welcome') });
    assert.equal(server.connections, 0, 'before the first');
    const one = await connected(t, server);
    await one.expect(Buffer.from('welcome'));
    const other = await connected(t, server);
    await other.expect(Buffer.from('welcome'));
    assert.equal(server.connections, 2, 'two are open');
    await one.close();
    await until(() => server.connections === 1, { what: 'the connection that is gone is not counted' });
  });

  test('a client that breaks its connection ends nobody else', TIMEOUT, async (t) => {
    const server = await serving(t, { onConnection: (socket) => socket.pipe(socket) });
    const good = await connected(t, server);
    const bad = await connected(t, server);
    bad.write('00');
    await bad.expect('00');
    bad.reset();
    await until(() => server.connections === 1, { what: 'the broken connection is not counted' });
    good.write('01');
    await good.expect('01');
  });

  test(
    'a side that the client has ended leaves the other open, if the server wants that',
    TIMEOUT,
    async (t) => {
      const ended: Socket[] = [];
      const keep = (socket: Socket) => socket.on('end', () => ended.push(socket)).resume();
      const server = await serving(t, { onConnection: keep, allowHalfOpen: true });
      const client = await connected(t, server);
      client.end();
      await until(() => ended.length === 1, { what: 'the end of the client has come' });
      ended[0]?.end('an answer');
      await client.expect(Buffer.from('an answer'));
      await client.expectClosed('end');

      const closing = await serving(t, { onConnection: (socket) => socket.resume() });
      const second = await connected(t, closing);
      second.end();
      await second.expectClosed('end');
    },
  );

  test('a bad port or time is refused with its value', TIMEOUT, async () => {
    const onConnection = () => {};
    for (const options of [{ port: 65_536 }, { port: -1 }, { closeTimeoutMs: 0 }, { closeTimeoutMs: 1.5 }]) {
      const [[name, value] = []] = Object.entries(options);
      await assert.rejects(
        startServer({ onConnection, ...options }),
        { name: 'RangeError', message: new RegExp(`${name}.*not ${value}`) },
        `${name} ${value}`,
      );
    }
  });
});

describe('closing a server', TIMEOUT, () => {
  test('ends every connection and lets nobody in; calling it again only waits', TIMEOUT, async (t) => {
    const server = await serving(t, { onConnection: (socket) => socket.write('welcome') });
    const client = await connected(t, server);
    await client.expect(Buffer.from('welcome'));
    await soon(Promise.all([server.close(), server.close()]), 'close()');
    await client.expectClosed();
    assert.equal(server.connections, 0, 'none is left');
    await assert.rejects(
      RawSocket.connect({ port: server.port }),
      { code: 'ECONNREFUSED' },
      'nobody listens any more',
    );
    await soon(server.close(), 'close() of a closed server');
  });

  test('with onClose every connection may say a last word', TIMEOUT, async (t) => {
    const sockets: Socket[] = [];
    const server = await serving(t, {
      onConnection: (socket) => sockets.push(socket),
      onClose: () => {
        for (const socket of sockets) socket.end('goodbye');
      },
      closeTimeoutMs: 60_000,
    });
    const client = await connected(t, server);
    await until(() => sockets.length === 1, { what: 'the connection is accepted' });
    const closed = server.close();
    await client.expect(Buffer.from('goodbye'));
    await client.expectClosed('end');
    await client.close();
    await soon(closed, 'close(), once every connection has ended');
  });

  test('who takes longer than closeTimeoutMs is closed', TIMEOUT, async (t) => {
    const server = await serving(t, { onConnection: () => {}, onClose: () => {}, closeTimeoutMs: 20 });
    const client = await connected(t, server);
    await until(() => server.connections === 1, { what: 'the connection is accepted' });
    await soon(server.close(), 'close()');
    await client.expectClosed();
  });
});

describe('a server whose handler fails', TIMEOUT, () => {
  test('closes the connection after what was written, and tells the reason', TIMEOUT, async (t) => {
    const bytes = Buffer.alloc(8_000_000, 7);
    const reasons: LeveretError[] = [];
    const refusal = new FrameError('BAD_FRAME', 'no frame at all');
    const server = await startServer({
      onConnection: async (socket) => {
        socket.write(bytes);
        throw refusal;
      },
      onError: (error) => reasons.push(error),
    });
    t.after(() => server.close());
    const client = await RawSocket.connect({ port: server.port });
    t.after(() => client.close());
    await client.expect(bytes);
    await client.expectClosed('end');
    assert.deepEqual(reasons, [refusal], 'the reason is what was thrown');
  });

  test(
    'a fault of the program is INTERNAL, logged once with its cause, and the server goes on',
    TIMEOUT,
    async (t) => {
      const logged = t.mock.method(console, 'error', () => {});
      const reasons: LeveretError[] = [];
      const fault = new TypeError('a mistake');
      let connections = 0;
      const server = await startServer({
        // Not a promise: what is thrown at once must not end the process either.
        onConnection: (socket) => {
          connections += 1;
          if (connections === 1) throw fault;
          socket.end('fine');
        },
        onError: (error) => reasons.push(error),
      });
      t.after(() => server.close());
      const first = await RawSocket.connect({ port: server.port });
      t.after(() => first.close());
      await first.expectClosed();
      const second = await RawSocket.connect({ port: server.port });
      t.after(() => second.close());
      await second.expect(Buffer.from('fine'));
      assert.deepEqual(
        reasons.map(({ code, cause }) => [code, cause]),
        [['INTERNAL', fault]],
        'the code, and the cause',
      );
      assert.deepEqual(
        logged.mock.calls.map((call) => call.arguments),
        [reasons],
        'what was logged',
      );
    },
  );
});
