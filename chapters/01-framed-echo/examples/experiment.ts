import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { boundPort, DEFAULT_HOST, listen, openSocket } from '#framing/net';

/**
 * Sends some writes over a plain TCP connection, without frames, and tells what the other end read.
 *
 * @returns the bytes of each read, in order
 */
// #region experiment
export async function readsOf(writes: readonly Buffer[]): Promise<Buffer[]> {
  const reads: Buffer[] = [];
  const server = createServer();
  await listen(server, DEFAULT_HOST, 0);
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const sender = await openSocket(DEFAULT_HOST, boundPort(server));
  const [receiver] = await accepted;
  receiver.on('data', (bytes) => reads.push(bytes));
  for (const bytes of writes) sender.write(bytes);
  sender.end();
  await once(receiver, 'end');
  server.close();
  return reads;
}
// #endregion experiment
