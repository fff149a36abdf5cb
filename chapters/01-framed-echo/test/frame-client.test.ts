import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LeveretError } from '#framing';
import { FrameClient, type RunningServer, readFrames, startEchoServer, startServer } from '#framing/net';
import { soon, until } from './raw-socket.ts';

const TIMEOUT = { timeout: 20_000 };

describe('frame client', TIMEOUT, () => {
  let server: RunningServer;
  before(async () => {
    server = await startEchoServer();
  });
  after(() => server.close());

  test('sends frames and receives them back, in order', TIMEOUT, async () => {
    const client = await FrameClient.connect({ port: server.port });
    for (let i = 0; i < 10; i++) await client.send(i, Buffer.from(`frame ${i}`));
    for (let i = 0; i < 10; i++) {
      const { type, body } = await soon(client.receive(), `frame ${i}`);
      assert.deepEqual([type, body.toString()], [i, `frame ${i}`], `frame ${i}`);
    }
    await soon(client.close(), 'close()');
    await soon(client.close(), 'close() once more');
  });

  test('many sends at once wait together', TIMEOUT, async () => {
    const client = await FrameClient.connect({ port: server.port });
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    const body = Buffer.alloc(100_000, 1);
    const sent = Promise.all(Array.from({ length: 50 }, () => client.send(1, body)));
    for (let i = 0; i < 50; i++) {
      const echo = await soon(client.receive(), `frame ${i}`);
      assert.ok(echo.body.equals(body), `frame ${i} is not what was sent`);
    }
    await sent;
    // Warnings are told in the next turn.
    await new Promise(setImmediate);
    process.off('warning', warned);
    assert.deepEqual(warnings, [], 'no warning of too many listeners');
    await client.close();
  });

  test('many calls of close() wait together', TIMEOUT, async () => {
    const client = await FrameClient.connect({ port: server.port });
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    await soon(Promise.all(Array.from({ length: 50 }, () => client.close())), 'every close()');
    await new Promise(setImmediate);
    process.off('warning', warned);
    assert.deepEqual(warnings, [], 'no warning of too many listeners');
  });

  test('close() sends what was written before it goes', TIMEOUT, async (t) => {
    const sizes: number[] = [];
    const own = await startServer({
      onConnection: async (socket) => {
        for await (const { body } of readFrames(socket, { limit: 2 ** 24 })) sizes.push(body.length);
      },
    });
    t.after(() => own.close());
    const client = await FrameClient.connect({ port: own.port });
    // More than the system takes at once: most of it still waits in the socket when the client closes.
    const sent = client.send(1, Buffer.alloc(8_000_000));
    await soon(Promise.all([sent, client.close()]), 'close()');
    await until(() => sizes.length > 0, { what: 'the frame has come' });
    assert.deepEqual(sizes, [8_000_000], 'the frame is whole');
  });

  test('receive() rejects with DISCONNECTED when the server is gone', TIMEOUT, async (t) => {
    const own = await startEchoServer();
    t.after(() => own.close());
    const client = await FrameClient.connect({ port: own.port });
    const waiting = assert.rejects(client.receive(), { code: 'DISCONNECTED' }, 'who waits is told');
    await until(() => own.connections === 1, { what: 'the connection is accepted' });
    await own.close();
    await soon(waiting, 'the error of the receive that waits');
    await assert.rejects(client.receive(), { code: 'DISCONNECTED' }, 'who asks later is told');
    await assert.rejects(client.send(1, Buffer.alloc(0)), { code: 'DISCONNECTED' }, 'who sends is told');
    await client.close();
  });

  test('nobody there is REFUSED, and says where', TIMEOUT, async () => {
    const gone = await startEchoServer();
    await gone.close();
    await assert.rejects(
      FrameClient.connect({ port: gone.port }),
      (error: unknown) => {
        assert.ok(error instanceof LeveretError, 'it is an error of ours');
        assert.equal(error.code, 'REFUSED', 'its code');
        assert.match(error.message, new RegExp(`${gone.port}`), 'it names the port');
        return true;
      },
      'a connection to nobody',
    );
  });

  test('a bad port or limit is a RangeError that quotes it', TIMEOUT, async () => {
    await assert.rejects(
      FrameClient.connect({ port: 65_536 }),
      { name: 'RangeError', message: /65536/ },
      'a port that cannot be',
    );
    await assert.rejects(
      FrameClient.connect({ port: server.port, limit: 0 }),
      {
        name: 'RangeError',
        message: /0/,
      },
      'a limit that cannot be',
    );
  });

  test('end() says that nothing more comes; what the server still sends is received', TIMEOUT, async () => {
    const client = await FrameClient.connect({ port: server.port });
    await client.send(1, Buffer.from('last'));
    client.end();
    const { body } = await soon(client.receive(), 'the echo');
    assert.equal(body.toString(), 'last', 'the echo of what was sent before');
    await assert.rejects(soon(client.receive(), 'the end'), { code: 'DISCONNECTED' }, 'then the server ends');
    await soon(client.close(), 'close()');
  });
});
