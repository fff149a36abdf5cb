import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { FrameError, LeveretError } from '#framing';
import {
  closeSoon,
  FrameClient,
  FrameWriter,
  type RunningServer,
  readFrames,
  startEchoServer,
  startServer,
} from '#framing/net';
import { frameBytes } from './frames.ts';
import { hex, RawSocket, until } from './raw-socket.ts';

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
      const { type, body } = await client.receive();
      assert.deepEqual([type, body.toString()], [i, `frame ${i}`], `frame ${i}`);
    }
    await client.close();
    await client.close();
  });

  test('many sends at once wait together', TIMEOUT, async () => {
    const client = await FrameClient.connect({ port: server.port });
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    const body = Buffer.alloc(100_000, 1);
    const sent = Promise.all(Array.from({ length: 50 }, () => client.send(1, body)));
    for (let i = 0; i < 50; i++) assert.ok((await client.receive()).body.equals(body), `frame ${i}`);
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
    await Promise.all(Array.from({ length: 50 }, () => client.close()));
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
    await Promise.all([sent, client.close()]);
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
    await waiting;
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
});

/** A raw client, and the server's socket of its connection. */
async function socketPair(t: TestContext): Promise<{ client: RawSocket; socket: Socket }> {
  const sockets: Socket[] = [];
  const server = await startServer({ allowHalfOpen: true, onConnection: (socket) => sockets.push(socket) });
  t.after(() => server.close());
  const client = await RawSocket.connect({ host: server.host, port: server.port });
  t.after(() => client.close());
  await until(() => sockets.length === 1, { what: 'the connection is accepted' });
  return { client, socket: sockets[0]! };
}

describe('the reading half', TIMEOUT, () => {
  test('hands out frames whose bodies stay as they are', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    const frames = readFrames(socket);
    client.write('00000003 01 6869');
    const first = await frames.next();
    client.write('00000003 02 7878');
    const second = await frames.next();
    assert.deepEqual(
      first.value,
      { type: 1, body: Buffer.from('hi') },
      'the first frame, after the second has come',
    );
    assert.deepEqual(second.value, { type: 2, body: Buffer.from('xx') }, 'the second frame');
    client.end();
    assert.equal((await frames.next()).done, true, 'the end');
    // The client has ended its side only: the server's side still works.
    await new FrameWriter(socket).send(3, hex('2121'));
    await client.expect('00000003 03 2121');
  });

  test('gives each body memory of its own, not a view of what the socket read', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.write('00000003 01 6869 00000003 02 7878');
    const frames = readFrames(socket);
    const one: Buffer = (await frames.next()).value.body;
    const other: Buffer = (await frames.next()).value.body;
    // Views of one chunk would lie 7 bytes apart: a body of 2 and a header of 5.
    assert.ok(
      one.buffer !== other.buffer || other.byteOffset - one.byteOffset !== 7,
      'the second body lies in the same chunk as the first',
    );
  });

  test('frames before a bad size are handed out, then the FrameError', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.write('00000001 01 00000001 02 00000011');
    const types: number[] = [];
    const reading = (async () => {
      for await (const { type } of readFrames(socket, { limit: 16 })) types.push(type);
    })();
    await assert.rejects(
      reading,
      (error: unknown) => error instanceof FrameError && error.code === 'TOO_LARGE',
      'the loop ends with the error',
    );
    assert.deepEqual(types, [1, 2], 'the frames before it');
  });

  test('an end in mid-frame is TRUNCATED', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.write('00000003 01 68');
    client.end();
    await assert.rejects(readFrames(socket).next(), { code: 'TRUNCATED' }, 'the reading ends with the error');
  });

  test('does not read on while nobody asks', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    const frames = readFrames(socket);
    const frame = frameBytes(1, Buffer.alloc(100_000));
    const total = 640 * frame.length;
    for (let i = 0; i < 640; i++) client.write(frame);
    assert.equal((await frames.next()).value?.type, 1, 'the first frame');
    let last = -1;
    let same = 0;
    await until(
      () => {
        same = client.unsent === last ? same + 1 : 0;
        last = client.unsent;
        return same === 50;
      },
      { what: 'the server stops taking bytes' },
    );
    assert.ok(last > total / 2, `${last} of ${total} bytes are still with the sender`);
    for (let i = 1; i < 640; i++)
      assert.equal((await frames.next()).value?.body.length, 100_000, `frame ${i}`);
  });

  test('leaving it leaves the writing half open', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    client.write('00000001 01');
    for await (const { type } of readFrames(socket)) {
      assert.equal(type, 1, 'the first frame');
      break;
    }
    new FrameWriter(socket).write(2, hex('bb'));
    await client.expect('00000002 02 bb');
  });
});

describe('the writing half', TIMEOUT, () => {
  test('writes frames, and ends its direction only', TIMEOUT, async (t) => {
    const { client, socket } = await socketPair(t);
    const writer = new FrameWriter(socket);
    assert.equal(writer.write(1, hex('6869')), true, 'the socket takes more');
    await writer.send(2, hex(''));
    writer.end();
    await client.expect('00000003 01 6869 00000001 02');
    await client.expectClosed('end');
    client.write('00000001 03');
    assert.equal((await readFrames(socket).next()).value?.type, 3, 'the other direction is open');
    await assert.rejects(writer.send(4, hex('')), { code: 'DISCONNECTED' }, 'this direction is closed');
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
    await sending;
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
    await rejected;
    await assert.rejects(writer.drained(), { code: 'DISCONNECTED' }, 'who waits later is told');
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
