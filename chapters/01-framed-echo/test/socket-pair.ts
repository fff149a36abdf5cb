import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { RawSocket, soon } from './raw-socket.ts';

/** Two ends of one connection: a raw client, and the server's socket. No code of the chapter is in between. */
export async function socketPair(t: TestContext): Promise<{ client: RawSocket; socket: Socket }> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: 65_536 });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = await RawSocket.connect({ port: (server.address() as AddressInfo).port });
  const [socket] = await soon(accepted, 'the connection is accepted');
  // Whoever reads or writes is told what breaks the connection; this listener only keeps the process alive.
  socket.on('error', () => {});
  t.after(async () => {
    await client.close();
    socket.destroy();
    server.close();
  });
  return { client, socket };
}
