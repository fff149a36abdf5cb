/** A broker that does with its connections what a test says. */
import { createServer, type Socket } from 'node:net';
import { brokerCodec } from '#protocol';
import { closing } from './leftovers.ts';

/** The WELCOME of such a broker. */
export function welcome(): Uint8Array {
  return brokerCodec.encode({
    type: 'WELCOME',
    version: 1,
    connectionId: 1,
    maxFrameSize: 1_048_576,
    epoch: 1,
  });
}

/** A server on a free port that does with its connections what the test says. */
export async function fakeBroker(
  onConnection: (socket: Socket) => void,
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return closing({
    port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
