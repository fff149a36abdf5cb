/** Connections that say nothing, or a little very slowly, before they are WebSockets or have shaken hands. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { until } from '../../../../chapters/04-full-protocol/test/conversation-client.ts';
import { connect as connectClient } from '../../../client/index.ts';
import { TEST_CERTIFICATE } from '../../../client/test/certificate.ts';
import { type Inspector, startInspector } from '../../../inspector/index.ts';
import { brokerFor } from '../start.ts';

const TIMEOUT = { timeout: 30_000 };
const HOST = '127.0.0.1';
const MAX_PENDING = 10;
const { cert, key } = TEST_CERTIFICATE;

/** Opens connections that send a text, and then a letter at a time, and counts how many of them are open. */
function flood(t: TestContext, port: number, count: number, text: string): { readonly open: number } {
  const sockets = new Set<Socket>();
  for (let i = 0; i < count; i++) {
    // Who speaks does not leave because the broker has ended its side.
    const socket = connect({ port, host: HOST, allowHalfOpen: text !== '' });
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
    if (text !== '') socket.write(text);
  }
  const drip = setInterval(() => {
    for (const socket of sockets) if (text !== '' && socket.writable) socket.write('a');
  }, 20);
  t.after(() => {
    clearInterval(drip);
    for (const socket of sockets) socket.destroy();
  });
  return {
    get open() {
      return sockets.size;
    },
  };
}

interface Door {
  readonly port: number;
  /** Connects as somebody does who means it. */
  use(): Promise<unknown>;
}

/** The doors at which a connection is not a client's yet. */
const DOORS = {
  ws: async (t: TestContext, helloTimeoutMs: number) => client(t, 'ws', helloTimeoutMs),
  wss: async (t: TestContext, helloTimeoutMs: number) => client(t, 'wss', helloTimeoutMs),
  tls: async (t: TestContext, helloTimeoutMs: number) => client(t, 'tls', helloTimeoutMs),
  inspector: async (t: TestContext, helloTimeoutMs: number): Promise<Door> => {
    const broker = await brokerFor(t, { maxPending: MAX_PENDING, helloTimeoutMs, sweepIntervalMs: 20 });
    const inspector: Inspector = await startInspector(broker, { port: 0 });
    t.after(() => inspector.close());
    return {
      port: inspector.port,
      use: async () => {
        const response = await fetch(`${inspector.url}healthz`);
        assert.equal(response.status, 200, 'the inspector does not answer');
        await (await connectClient(`ws://${HOST}:${inspector.port}`, { reconnect: false })).close();
      },
    };
  },
} as const;

async function client(t: TestContext, type: 'ws' | 'wss' | 'tls', helloTimeoutMs: number): Promise<Door> {
  const broker = await brokerFor(t, {
    maxPending: MAX_PENDING,
    helloTimeoutMs,
    sweepIntervalMs: 20,
    tls: { cert, key },
    listeners: [{ type, host: HOST, port: 0 }],
  });
  const port = broker.addresses[1]?.port ?? 0;
  const url = `${type === 'tls' ? 'leverets' : type}://localhost:${port}`;
  return {
    port,
    use: async () => (await connectClient(url, { tls: { ca: cert }, reconnect: false })).close(),
  };
}

for (const [name, open] of Object.entries(DOORS)) {
  test(`${name}: who says nothing makes room for newcomers`, TIMEOUT, async (t) => {
    const door = await open(t, 3_600_000);
    const silent = flood(t, door.port, 50, '');
    await until(() => silent.open <= MAX_PENDING, `at most ${MAX_PENDING} that say nothing are kept`);
    await door.use();
    await door.use();
  });

  test(`${name}: who says nothing is gone by the deadline for HELLO`, TIMEOUT, async (t) => {
    const door = await open(t, 200);
    const silent = flood(t, door.port, 5, '');
    await until(() => silent.open === 0, 'those that say nothing are gone');
  });
}

for (const name of ['ws', 'inspector'] as const) {
  test(
    `${name}: a request that comes letter by letter has until the deadline, and keeps nobody out`,
    TIMEOUT,
    async (t) => {
      const door = await DOORS[name](t, 1_000);
      const slow = flood(t, door.port, 50, 'GET / HTTP/1.1\r\nName: ');
      await door.use();
      await until(() => slow.open === 0, 'requests that never end are cut off');
      await door.use();
    },
  );
}

test('ws: who was refused and does not leave is closed by the deadline', TIMEOUT, async (t) => {
  const { port } = await DOORS.ws(t, 200);
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://evil.example\r\n';
  const refused = flood(t, port, 5, `GET /leveret HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`);
  await until(() => refused.open === 0, 'those that were refused are gone');
});
