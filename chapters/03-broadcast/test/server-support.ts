import type { TestContext } from 'node:test';
import { type BroadcastServerOptions, startBroadcastServer } from '#broadcast/server';
import type { LeveretError } from '#framing';
import type { RunningServer } from '#framing/net';
import { RawSocket, type RawSocketOptions, until } from '../../01-framed-echo/test/raw-socket.ts';

/** How long each wait may take, in milliseconds: the test that waits says so itself, before its file is ended. */
export const DEADLINE_MS = 4_000;

export const HELLO = '00000006 01 68656c6c6f'; // type 1, "hello"

/** A server that ends with the test, and the reasons for which it closed connections. */
export async function start(t: TestContext, options: BroadcastServerOptions = {}) {
  const closed: string[] = [];
  const onError = (error: LeveretError) => closed.push(error.code);
  const server = await startBroadcastServer({ ...options, onError });
  t.after(() => server.close());
  return { server, closed };
}

/** Clients that are all subscribed: each has seen the frame that the last one sent. */
export async function join(t: TestContext, server: RunningServer, count: number): Promise<RawSocket[]> {
  const clients = await Promise.all(
    Array.from({ length: count }, () => RawSocket.connect({ port: server.port, deadlineMs: DEADLINE_MS })),
  );
  t.after(() => Promise.all(clients.map((client) => client.close())));
  await until(() => server.connections >= count, { what: `${count} connections`, deadlineMs: DEADLINE_MS });
  clients.at(-1)?.write('00000001 00');
  for (const client of clients) await client.expect('00000001 00');
  return clients;
}

/** One more client, which has seen nothing yet. */
export async function joinOne(
  t: TestContext,
  server: RunningServer,
  options: Partial<RawSocketOptions> = {},
) {
  const before = server.connections;
  const client = await RawSocket.connect({ port: server.port, deadlineMs: DEADLINE_MS, ...options });
  t.after(() => client.close());
  await until(() => server.connections > before, { what: 'one more connection', deadlineMs: DEADLINE_MS });
  return client;
}

/** Others are served: a frame makes the round from one to all. */
export async function expectRound(clients: RawSocket[], bytes = '00000003 02 6f6b'): Promise<void> {
  clients[0]?.write(bytes);
  for (const client of clients) await client.expect(bytes);
}
