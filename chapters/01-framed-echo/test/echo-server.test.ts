import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LeveretError } from '#framing';
import { type EchoServerOptions, type RunningServer, startEchoServer } from '#framing/net';
import { frameBytes } from './frames.ts';
import { hex, RawSocket, until } from './raw-socket.ts';

const TIMEOUT = { timeout: 20_000 };
const LIMIT = 65_536;

/** A server for one test, closed at its end, and the codes that its onError was told. */
async function withServer(
  body: (server: RunningServer, codes: string[]) => Promise<void>,
  options: EchoServerOptions = {},
): Promise<void> {
  const codes: string[] = [];
  const server = await startEchoServer({
    limit: LIMIT,
    onError: (error) => codes.push(error.code),
    ...options,
  });
  try {
    await body(server, codes);
  } finally {
    await server.close();
  }
}

describe('echo server: what comes in goes back', TIMEOUT, () => {
  let server: RunningServer;
  before(async () => {
    server = await startEchoServer();
  });
  after(() => server.close());

  test('one frame, whole', TIMEOUT, async () => {
    await using client = await RawSocket.connect(server);
    client.write('00000006 05 68656c6c6f');
    await client.expect('00000006 05 68656c6c6f');
  });

  test('a frame without a body', TIMEOUT, async () => {
    await using client = await RawSocket.connect(server);
    client.write('00000001 ff');
    await client.expect('00000001 ff');
  });

  test('frames in single bytes', TIMEOUT, async () => {
    await using client = await RawSocket.connect(server);
    await client.writeInPieces('00000003 01 6869 00000001 02 00000002 03 21');
    await client.expect('00000003 01 6869 00000001 02 00000002 03 21');
  });

  test('a frame cut in two, at every place', TIMEOUT, async () => {
    await using client = await RawSocket.connect(server);
    const frame = hex('00000006 05 68656c6c6f');
    for (let cut = 1; cut < frame.length; cut++) {
      await client.writeInPieces(frame, cut);
      await client.expect(frame);
    }
  });

  test('a thousand frames in one write, in order', TIMEOUT, async () => {
    await using client = await RawSocket.connect(server);
    const frames = Buffer.concat(
      Array.from({ length: 1_000 }, (_, i) => frameBytes(i % 256, Buffer.alloc(i % 40, i))),
    );
    client.write(frames);
    await client.expect(frames);
  });

  test('a frame of 1 MiB', TIMEOUT, async () => {
    await using client = await RawSocket.connect(server);
    const frame = frameBytes(9, Buffer.alloc(1_048_575, 'leveret'));
    client.write(frame);
    await client.expect(frame);
  });

  test('each client gets its own frames, and only those', TIMEOUT, async () => {
    await using one = await RawSocket.connect(server);
    await using other = await RawSocket.connect(server);
    one.write('00000002 01 aa 00000003 01');
    other.write('00000002 01 bb');
    await other.expect('00000002 01 bb');
    one.write('cccc');
    await one.expect('00000002 01 aa 00000003 01 cccc');
    other.end();
    await other.expectClosed('end');
  });
});

describe('echo server: ends', TIMEOUT, () => {
  test('a client that ends its side still gets every echo; then the server ends', TIMEOUT, () =>
    withServer(async (server, codes) => {
      await using client = await RawSocket.connect({ ...where(server), reading: false });
      // More than the socket buffers of both sides hold: most echoes are written after the client's end.
      const frame = frameBytes(1, Buffer.alloc(60_000, 7));
      const stream = Buffer.concat(Array.from({ length: 200 }, () => frame));
      client.write(stream);
      client.end();
      client.startReading();
      await client.expect(stream);
      await client.expectClosed('end');
      await until(() => server.connections === 0, { what: 'the connection is forgotten' });
      assert.deepEqual(codes, [], 'no error is told');
    }),
  );

  test('a client that ends at once', TIMEOUT, () =>
    withServer(async (server, codes) => {
      await using client = await RawSocket.connect(server);
      client.end();
      await client.expectClosed('end');
      assert.deepEqual(codes, [], 'no error is told');
    }),
  );

  test('close() ends every connection, and may be called twice', TIMEOUT, () =>
    withServer(async (server) => {
      await using client = await RawSocket.connect(server);
      client.write('00000001 01');
      await client.expect('00000001 01');
      assert.equal(server.connections, 1, 'one is open');
      await Promise.all([server.close(), server.close()]);
      await client.expectClosed();
      await server.close();
      assert.equal(server.connections, 0, 'none is left');
      await assert.rejects(RawSocket.connect(server), { code: 'ECONNREFUSED' }, 'nobody listens any more');
    }),
  );
});

describe('echo server: bad input closes one connection, with a code, and no other', TIMEOUT, () => {
  /** Plays a bad client while a good one has half a frame under way, and gives the codes that onError was told. */
  async function misbehave(
    play: (client: RawSocket, server: RunningServer) => Promise<void>,
  ): Promise<string[]> {
    let told: string[] = [];
    await withServer(async (server, codes) => {
      await using good = await RawSocket.connect(server);
      good.write('00000003 01 68');
      const bad = await RawSocket.connect(server);
      await play(bad, server);
      await until(() => server.connections === 1, { what: 'only the good connection is left' });
      await until(() => codes.length > 0, { what: 'onError is told' });
      good.write('69');
      await good.expect('00000003 01 6869');
      await bad.close();
      told = [...codes];
    });
    return told;
  }

  test('size 0', TIMEOUT, async () => {
    const codes = await misbehave(async (client) => {
      client.write('00000000');
      await client.expectClosed();
    });
    assert.deepEqual(codes, ['BAD_FRAME'], 'the reason');
  });

  for (const size of ['00010001', '7fffffff', 'ffffffff']) {
    test(`size ${size}, above the limit: refused before its body comes`, TIMEOUT, async () => {
      const codes = await misbehave(async (client) => {
        await client.writeInPieces(size);
        await client.expectClosed();
      });
      assert.deepEqual(codes, ['TOO_LARGE'], 'the reason');
    });
  }

  test('the limit itself is echoed', TIMEOUT, () =>
    withServer(async (server, codes) => {
      await using client = await RawSocket.connect(server);
      const frame = frameBytes(1, Buffer.alloc(LIMIT - 1));
      client.write(frame);
      await client.expect(frame);
      assert.deepEqual(codes, [], 'no error is told');
    }),
  );

  test('the good frames before a bad one are echoed', TIMEOUT, async () => {
    const codes = await misbehave(async (client) => {
      client.write('00000002 01 aa 00000002 02 bb 00000000');
      await client.expect('00000002 01 aa 00000002 02 bb');
      await client.expectClosed();
    });
    assert.deepEqual(codes, ['BAD_FRAME'], 'the reason');
  });

  for (const part of ['00', '000000', '00000003', '00000003 01 68']) {
    test(`the end in mid-frame, after ${part}`, TIMEOUT, async () => {
      const codes = await misbehave(async (client) => {
        client.write(part);
        client.end();
        await client.expectClosed();
      });
      assert.deepEqual(codes, ['TRUNCATED'], 'the reason');
    });
  }

  test('a reset in mid-frame', TIMEOUT, async () => {
    const codes = await misbehave(async (client, server) => {
      client.write('00000003 01 68');
      await client.flush();
      // Once the server has answered others, it has read the half frame too.
      for (let round = 0; round < 3; round++) await roundTrip(server);
      client.reset();
    });
    assert.deepEqual(codes, ['DISCONNECTED'], 'the reason');
  });

  test('a reset right behind half a frame', TIMEOUT, async () => {
    const codes = await misbehave(async (client) => {
      client.write('00000003 01 68');
      await client.flush();
      client.reset();
    });
    // Bytes and reset that arrive together look like an orderly end to Node: libuv reports the end first.
    assert.ok(codes.length === 1 && ['TRUNCATED', 'DISCONNECTED'].includes(codes[0] ?? ''), `${codes}`);
  });

  test('a reset while echoes wait to be read', TIMEOUT, async () => {
    const codes = await misbehave(async (client) => {
      client.pause();
      const frame = frameBytes(1, Buffer.alloc(LIMIT - 1));
      for (let i = 0; i < 400; i++) client.write(frame);
      await stalled(client);
      client.reset();
    });
    assert.deepEqual(codes, ['DISCONNECTED'], 'the reason');
  });

  test('a bad frame from a client that does not read', TIMEOUT, async () => {
    const codes = await misbehave(async (client) => {
      client.pause();
      client.write('00000001 01 ffffffff');
    });
    assert.deepEqual(codes, ['TOO_LARGE'], 'the reason');
  });

  test('an onError that is not given is not needed', TIMEOUT, async (t) => {
    const server = await startEchoServer();
    t.after(() => server.close());
    await using bad = await RawSocket.connect(server);
    bad.write('00000000');
    await bad.expectClosed();
    await using good = await RawSocket.connect(server);
    good.write('00000001 01');
    await good.expect('00000001 01');
  });
});

describe('echo server: a client that never reads', TIMEOUT, () => {
  test('is not read from: what it sends stays with it, and others are served', TIMEOUT, () =>
    withServer(async (server, codes) => {
      await using lazy = await RawSocket.connect({ ...where(server), reading: false });
      const frame = frameBytes(1, Buffer.alloc(LIMIT - 1));
      const total = 64 * 1_048_576;
      for (let sent = 0; sent < total; sent += frame.length) lazy.write(frame);
      const held = await stalled(lazy);
      // Of 64 MiB the system's socket buffers (a few MiB) and one frame on the server have been taken.
      assert.ok(held > total / 2, `${held} of ${total} bytes are still with the client`);
      await using other = await RawSocket.connect(server);
      other.write('00000003 01 6869');
      await other.expect('00000003 01 6869');
      assert.deepEqual(codes, [], 'no error is told');
      // Once it reads, everything that was held up goes on.
      lazy.startReading();
      for (let got = 0; got < total; got += frame.length)
        assert.ok(frame.equals(await lazy.readFrame()), 'the next echo');
    }),
  );
});

describe('echo server: starting', TIMEOUT, () => {
  test('a port in use is ADDRESS_IN_USE, and the message says what to do', TIMEOUT, () =>
    withServer(async (server) => {
      await assert.rejects(
        startEchoServer({ port: server.port }),
        (error: unknown) => {
          assert.ok(error instanceof LeveretError, 'it is an error of ours');
          assert.equal(error.code, 'ADDRESS_IN_USE', 'its code');
          assert.match(
            error.message,
            new RegExp(`${server.port}.*another`),
            'it names the port, and says what to do',
          );
          assert.ok(error.cause instanceof Error, 'it has the error of the system');
          return true;
        },
        'a second server on the port',
      );
    }),
  );

  test('a port that is free again can be taken', TIMEOUT, async (t) => {
    const first = await startEchoServer();
    await first.close();
    const second = await startEchoServer({ port: first.port });
    t.after(() => second.close());
    assert.equal(second.port, first.port, 'the port is taken again');
  });

  test('an address of another machine is ADDRESS_UNAVAILABLE', TIMEOUT, async () => {
    // 192.0.2.0/24 is reserved for documentation: no machine has it.
    await assert.rejects(
      startEchoServer({ host: '192.0.2.1' }),
      { code: 'ADDRESS_UNAVAILABLE' },
      'an address of nobody',
    );
  });

  test('a bad port or limit is a RangeError that quotes it', TIMEOUT, async () => {
    for (const port of [-1, 65_536, 1.5, Number.NaN]) {
      await assert.rejects(
        startEchoServer({ port }),
        { name: 'RangeError', message: new RegExp(`${port}`) },
        `port ${port}`,
      );
    }
    for (const limit of [0, -1, 2.5]) {
      await assert.rejects(
        startEchoServer({ limit }),
        {
          name: 'RangeError',
          message: new RegExp(`${limit}`),
        },
        `limit ${limit}`,
      );
    }
  });
});

function where({ host, port }: RunningServer): { host: string; port: number } {
  return { host, port };
}

async function roundTrip(server: RunningServer): Promise<void> {
  await using client = await RawSocket.connect(where(server));
  client.write('00000001 01');
  await client.expect('00000001 01');
}

/** Waits until the server takes nothing more from a client, and gives the bytes that the client still holds. */
async function stalled(client: RawSocket): Promise<number> {
  let last = -1;
  let same = 0;
  await until(
    () => {
      same = client.unsent === last && last > 0 ? same + 1 : 0;
      last = client.unsent;
      return same === 50;
    },
    { what: 'the server stops taking bytes' },
  );
  return last;
}
