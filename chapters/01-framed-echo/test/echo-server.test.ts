import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LeveretError } from '#framing';
import { type EchoServerOptions, type RunningServer, startEchoServer } from '#framing/net';
import { checks } from '../any-language/checks.ts';
import { frameBytes } from './frames.ts';
import { RawSocket, until } from './raw-socket.ts';

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

describe('echo server: what any program must do, in whatever language', TIMEOUT, () => {
  let server: RunningServer;
  before(async () => {
    server = await startEchoServer();
  });
  after(() => server.close());

  for (const { title, play } of checks.checks) {
    test(title, TIMEOUT, () => play({ ...where(server), isFresh: false }));
  }
});

describe('echo server: ends', TIMEOUT, () => {
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

describe('echo server: starting', TIMEOUT, () => {
  test('a port in use is ADDRESS_IN_USE', TIMEOUT, () =>
    withServer(async (server) => {
      await assert.rejects(
        startEchoServer({ port: server.port }),
        (error: unknown) => error instanceof LeveretError && error.code === 'ADDRESS_IN_USE',
        'a second server on the port',
      );
    }),
  );

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
