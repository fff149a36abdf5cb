/** Brokers that mean no good, or are none: the client leaves them, says why, and does not come back. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { boundPort, listen } from '#framing/net';
import { brokerCodec } from '#protocol';
import { connect } from '../index.ts';

const timeout = 20_000;

const WELCOME = { type: 'WELCOME', version: 1, connectionId: 1, maxFrameSize: 1_048_576, epoch: 1 } as const;

/** A server that does this with each connection. Returns its address, and counts connections. */
async function serve(
  t: TestContext,
  serveOne: (socket: Socket, nth: number) => void,
): Promise<{ url: string; connections: () => number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    serveOne(socket, ++connections);
  });
  await listen(server, '127.0.0.1', 0);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `leveret://127.0.0.1:${boundPort(server)}`, connections: () => connections };
}

test('one that sends PINGs and reads nothing is left before its PONGs fill the memory', {
  timeout,
}, async (t) => {
  const pings = Buffer.concat(
    Array.from({ length: 1_000 }, () => brokerCodec.encode({ type: 'PING', bytes: Buffer.alloc(64) })),
  );
  let sent = 0;
  const { url, connections } = await serve(t, (socket) => {
    socket.write(brokerCodec.encode(WELCOME));
    const flood = () => {
      // Enough to see that nothing ends it: 256 MiB of PINGs.
      while (!socket.destroyed && sent < 268_435_456) {
        sent += pings.length;
        if (!socket.write(pings)) return void socket.once('drain', flood);
      }
      socket.destroy();
    };
    flood();
  });
  const client = await connect(url, { reconnect: { initialMs: 1 } });
  t.after(() => client.close({ deadline: 0 }));
  const reconnected = new Promise<undefined>((resolve) =>
    client.on('status', ({ status }) => status === 'reconnecting' && resolve(undefined)),
  );
  const error = await Promise.race([client.closed, reconnected]);
  assert.equal(error?.code, 'BAD_BROKER', `PONGs for ${sent >> 20} MiB of PINGs were kept`);
  assert.match(error?.message ?? '', /one PING after the other and reads no answer/, 'it says what is wrong');
  assert.equal(connections(), 1, 'the client does not come back');
});

for (const [when, first] of [
  ['the first time', 1],
  ['after a reconnect', 2],
] as const) {
  test(`WELCOME of another version ${when}: BAD_VERSION, and no further attempt`, { timeout }, async (t) => {
    const { url, connections } = await serve(t, (socket, nth) => {
      const bytes = brokerCodec.encode(WELCOME);
      if (nth >= first) bytes[5] = 2;
      socket.write(bytes);
      if (nth < first) once(socket, 'data').then(() => socket.end());
    });
    const client = connect(url, { reconnect: { initialMs: 1 }, retryFirst: true });
    const error = await client.then(
      async (open) => open.closed,
      (thrown: unknown) => thrown,
    );
    assert.equal((error as { code?: string }).code, 'BAD_VERSION', 'its code');
    assert.equal(connections(), first, 'nobody asks it again');
  });
}

test('one that says something else in the place of WELCOME: BAD_BROKER', { timeout }, async (t) => {
  for (const frame of [
    { type: 'PING', bytes: Buffer.alloc(4) },
    { type: 'OK', request: 1 },
    { type: 'MESSAGES', topic: 'a', firstId: 1, records: [] },
  ] as const) {
    const { url, connections } = await serve(t, (socket) => socket.write(brokerCodec.encode(frame)));
    const refusal = { code: 'BAD_BROKER', message: new RegExp(`${frame.type} in the place of WELCOME`) };
    await assert.rejects(
      connect(url, { retryFirst: true, connectTimeoutMs: 5_000 }),
      refusal,
      `${frame.type} was taken`,
    );
    assert.equal(connections(), 1, 'the client does not come back');
  }
});
