import type { Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { boundPort, type ListenOptions, listen } from '#framing/net';

/** First probe of a silent peer by the operating system, in milliseconds. */
const KEEP_ALIVE_DELAY_MS = 60_000;

/** Options of {@link listenForTls}. */
export interface TlsListenOptions extends ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Connections of this listener; those that are still shaking hands are in no table, and count too. */
  readonly maxConnections: number;
  /** Takes in a connection whose handshake is done. */
  readonly adopt: (socket: Socket) => void;
  /** Told of a connection that was never taken in: its handshake failed, or there are too many. */
  readonly lost?: (error: Error) => void;
}

/** An address where TLS is spoken. */
export interface TlsListener {
  readonly port: number;
  /** Stops listening; connections that are open stay open. */
  close(): Promise<void>;
}

/**
 * Listens for connections over TLS, which a connection table adopts.
 *
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function listenForTls(options: TlsListenOptions, tls: TlsOptions): Promise<TlsListener> {
  const { host, port, maxConnections, adopt, lost = () => {} } = options;
  const server = createServer(
    {
      // A peer that leaves in the middle of the handshake is noticed when that time is up, at the latest.
      handshakeTimeout: 10_000,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
      highWaterMark: 65_536,
      allowHalfOpen: true,
      ...tls,
    },
    adopt,
  );
  server.maxConnections = maxConnections;
  server.on('tlsClientError', (error: Error, socket: Socket) => {
    lost(error);
    socket.destroy();
  });
  server.on('drop', () => lost(new Error('too many connections')));
  await listen(server, host, port);
  server.on('error', lost);
  // Node's callback waits for the last connection to end; the port is free as soon as the handle is closed.
  return { port: boundPort(server), close: async () => void server.close() };
}
