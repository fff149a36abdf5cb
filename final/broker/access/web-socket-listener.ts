import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { boundPort, listen } from '#framing/net';

/** What becomes of a WebSocket that was let in: a stream of bytes like any other. */
export type Adopt = (stream: Duplex, info: { remoteAddress?: string }) => void;

/** Options of {@link WebSocketDoor}. */
export interface WebSocketDoorOptions {
  /** Largest message, in bytes. */
  readonly maxPayload: number;
  /** Pages from these origins may connect, beside those that come from the same host and port. */
  readonly allowedOrigins: readonly string[];
  readonly adopt: Adopt;
}

/** Lets WebSockets in: on an HTTP server of its own, or on that of the inspector. */
export class WebSocketDoor {
  readonly #server: WebSocketServer;
  readonly #options: WebSocketDoorOptions;

  constructor(options: WebSocketDoorOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Compression would cost more than the broker itself, and memory for every connection.
      perMessageDeflate: false,
      maxPayload: options.maxPayload,
    });
  }

  /** Answers an HTTP upgrade: with a WebSocket, or with a refusal. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    if (!this.#isWelcome(request)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const { remoteAddress, remotePort } = socket as Socket;
      const stream = createWebSocketStream(webSocket, { highWaterMark: 65_536 });
      this.#options.adopt(stream, { remoteAddress: `${remoteAddress}:${remotePort}` });
    });
  }

  /**
   * A browser says which page asks. Without this check any page that somebody visits could talk to a broker on
   * their machine. Programs that are no browsers send no origin.
   */
  #isWelcome({ headers }: IncomingMessage): boolean {
    const { origin, host } = headers;
    if (origin === undefined) return true;
    if (this.#options.allowedOrigins.includes(origin)) return true;
    try {
      return new URL(origin).host === host;
    } catch {
      return false;
    }
  }
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
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
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
