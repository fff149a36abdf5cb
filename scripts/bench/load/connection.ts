import net from 'node:net';
import type { Adapter } from './adapter.ts';

/**
 * Every socket of the generator reads into this one buffer: a chunk is counted before the next read, so none
 * needs memory of its own, and the buffer stays in the processor's cache.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

/** A raw connection of the load generator, open and past its handshake. */
export interface LoadConnection {
  /** Called with every chunk; the bytes are valid only during the call. */
  onChunk: (bytes: Buffer, length: number) => void;
  /** Called when the connection ends without `close()`. */
  onLost: (reason: string) => void;
  write(bytes: Buffer): void;
  close(): void;
}

/** Connect, send the hello, and resolve when the adapter says that the broker is ready for us. */
export function openConnection(
  target: { readonly host: string; readonly port: number },
  adapter: Adapter,
  role: 'publisher' | 'subscriber',
  index = 0,
): Promise<LoadConnection> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    let closing = false;
    const connection: LoadConnection = {
      onChunk(bytes, length) {
        received = Buffer.concat([received, bytes.subarray(0, length)]);
        if (!adapter.isReady(received, role)) return;
        connection.onChunk = () => {};
        resolve(connection);
      },
      onLost: (reason) => reject(new Error(`the broker refused a connection: ${reason}`)),
      write: (bytes) => socket.write(bytes),
      close() {
        closing = true;
        socket.destroy();
      },
    };
    const socket = net.connect({
      ...target,
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback(length) {
          try {
            connection.onChunk(READ_BUFFER, length);
          } catch (error) {
            closing = true;
            socket.destroy();
            connection.onLost(error instanceof Error ? error.message : String(error));
          }
          return true;
        },
      },
    });
    socket.once('connect', () =>
      socket.write(role === 'publisher' ? adapter.publisherHello() : adapter.subscriberHello(index)),
    );
    socket.on('error', (error) => connection.onLost(error.message));
    socket.on('close', () => {
      if (!closing) connection.onLost('closed by the broker');
    });
  });
}

/** Open `count` connections, a few at a time so that no listen queue overflows. */
export async function openMany(count: number, open: (index: number) => Promise<LoadConnection>) {
  const connections: LoadConnection[] = [];
  for (let from = 0; from < count; from += 50) {
    const group = Array.from({ length: Math.min(50, count - from) }, (_, offset) => open(from + offset));
    connections.push(...(await Promise.all(group)));
  }
  return connections;
}
