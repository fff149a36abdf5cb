import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { boundPort, listen } from '#framing/net';
import { isWelcomeOrigin } from '../access/origin.ts';
import type { Faults } from '../faults.ts';

/** What a {@link WebSocketDoor} needs of the broker. */
export interface WebSocketHost {
  /** Largest message, in bytes. */
  readonly maxPayload: number;
  /** Pages from these origins may connect, beside those that come from the same host and port. */
  readonly allowedOrigins: readonly string[];
  readonly faults: Pick<Faults, 'report'>;
  /** Takes in a WebSocket that was let in: a stream of bytes like any other. */
  adopt(stream: Duplex, info: { remoteAddress?: string }): void;
}

/** Lets WebSockets in: on an HTTP server of its own, or on that of the inspector. */
export class WebSocketDoor {
  readonly #server: WebSocketServer;
  readonly #host: WebSocketHost;

  constructor(host: WebSocketHost) {
    this.#host = host;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Compression would cost more than the broker itself, and memory for every connection.
      perMessageDeflate: false,
      maxPayload: host.maxPayload,
    });
  }

  /** Answers an HTTP upgrade: with a WebSocket, or with a refusal. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const { origin, host } = request.headers;
    if (!isWelcomeOrigin(origin, host, this.#host.allowedOrigins)) {
      refuseUpgrade(socket, '403 Forbidden');
      return;
    }
    try {
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        const { remoteAddress, remotePort } = socket as Socket;
        const stream = createWebSocketStream(webSocket, { highWaterMark: 65_536 });
        this.#host.adopt(stream, { remoteAddress: `${remoteAddress}:${remotePort}` });
      });
    } catch (fault) {
      this.#host.faults.report(fault, { where: 'a WebSocket upgrade' });
      socket.destroy();
    }
  }
}

/** Answers an HTTP upgrade with nothing but a status, such as `404 Not Found`. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** An HTTP server that does nothing but let WebSockets in. */
export interface WebSocketListener {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens for WebSockets.
 *
 * @param tls - certificate and key; without them the bytes travel as they are
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function listenForWebSockets(
  door: WebSocketDoor,
  where: { host: string; port: number; path: string },
  tls?: ServerOptions,
): Promise<WebSocketListener> {
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on('request', (_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' });
    response.end('This address speaks WebSocket only.\n');
  });
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?')[0] === where.path) door.upgrade(request, socket, head);
    else refuseUpgrade(socket, '404 Not Found');
  });
  await listen(server, where.host, where.port);
  return {
    port: boundPort(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
