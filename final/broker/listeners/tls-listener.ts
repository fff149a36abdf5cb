import type { Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { boundPort, type ListenOptions, listen } from '#framing/net';
import { type WaitingLimits, WaitingSockets } from './waiting-sockets.ts';

/** First probe of a silent peer by the operating system, in milliseconds. */
const KEEP_ALIVE_DELAY_MS = 60_000;

/** Options of {@link listenForTls}. */
export interface TlsListenOptions extends ListenOptions {
  readonly host: string;
  readonly port: number;
  /** For connections that are still shaking hands: they are in no table. */
  readonly waiting: WaitingLimits;
  /** Takes in a connection whose handshake is done. */
  readonly adopt: (socket: Socket) => void;
  /** Told of a connection that was never taken in: its handshake failed, or the system could not give it to us. */
  readonly lost?: (error: Error) => void;
  /** Told of a handshake that failed, in the place of `lost`. */
  readonly handshakeFailed?: (error: Error, remoteAddress: string | undefined) => void;
}

/** An address where TLS is spoken. */
export interface TlsListener {
  readonly port: number;
  /** Shows another certificate to those who come from now on. */
  renew(options: TlsOptions): void;
  /** Stops listening; connections that are open stay open. */
  close(): Promise<void>;
}

/**
 * Listens for connections over TLS, which a connection table adopts.
 *
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function listenForTls(options: TlsListenOptions, tls: TlsOptions): Promise<TlsListener> {
  const { host, port, waiting: limits, adopt, lost = () => {}, handshakeFailed = lost } = options;
  const server = createServer(
    {
      // A peer that leaves in the middle of the handshake is noticed when that time is up, at the latest.
      handshakeTimeout: limits.timeoutMs,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
      highWaterMark: 65_536,
      allowHalfOpen: true,
      ...tls,
    },
    (socket) => {
      waiting.release(socket);
      adopt(socket);
    },
  );
  const waiting = new WaitingSockets(server, limits);
  server.on('tlsClientError', (error: Error, socket: Socket) => {
    handshakeFailed(error, socket.remoteAddress);
    socket.destroy();
  });
  await listen(server, host, port);
  server.on('error', lost);
  return {
    port: boundPort(server),
    renew: (options) => server.setSecureContext(options),
    close: async () => {
      // Node's callback waits for the last connection to end; the port is free as soon as the handle is closed.
      server.close();
      waiting.close();
    },
  };
}
