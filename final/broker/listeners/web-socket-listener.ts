import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer, type ServerOptions, Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type ServerOptions as WebSocketOptions, WebSocketServer } from 'ws';
import { boundPort, listen } from '#framing/net';
import { KnownHosts } from '../access/known-hosts.ts';
import { isWelcomeOrigin } from '../access/origin.ts';
import type { Faults } from '../faults.ts';
import type { Logger } from '../logger.ts';
import { RepeatedWarning } from '../repeated-warning.ts';
import type { UnfinishedFrames } from '../session/unfinished-frames.ts';
import { countUnfinishedMessages } from './unfinished-messages.ts';
import { type WaitingLimits, WaitingSockets } from './waiting-sockets.ts';

/** For whoever reads the log, or the answer. Pages see neither: browsers tell them only that it failed. */
const HOW_TO_ALLOW =
  'if it may use this broker, add its origin to --allowed-origins (the option allowedOrigins), or open it by a name of this machine';

/** What a {@link WebSocketDoor} needs of the broker. */
export interface WebSocketHost {
  /** Largest message, in bytes. */
  readonly maxPayload: number;
  /** How long one that is ended may take to go, in milliseconds. */
  readonly closeTimeoutMs: number;
  /** Pages from these origins may connect, beside those that come from the listener's own host and port. */
  readonly allowedOrigins: readonly string[];
  readonly faults: Pick<Faults, 'report'>;
  /** Where what has come of messages is counted. */
  readonly unfinished: UnfinishedFrames;
  readonly logger: Pick<Logger, 'warn'>;
  /** Takes in a WebSocket that was let in: a stream of bytes like any other. */
  adopt(stream: Duplex, info: { remoteAddress?: string }): void;
}

/** Lets WebSockets in: on an HTTP server of its own, or on that of the inspector. */
export class WebSocketDoor {
  readonly #server: WebSocketServer;
  readonly #host: WebSocketHost;
  readonly #refused: RepeatedWarning;

  constructor(host: WebSocketHost) {
    this.#host = host;
    this.#refused = new RepeatedWarning(host.logger, `a web page was refused: ${HOW_TO_ALLOW}`);
    const options: WebSocketOptions & { closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      // Compression would cost more than the broker itself, and memory for every connection.
      perMessageDeflate: false,
      maxPayload: host.maxPayload,
      // One that breaks the rules of WebSockets is ended by ws itself, which would wait 30 s for its peer.
      closeTimeout: host.closeTimeoutMs,
    };
    this.#server = new WebSocketServer(options);
  }

  /**
   * Answers an HTTP upgrade: with a WebSocket, or with a refusal.
   *
   * @param hosts - the names by which the listener may be called
   * @returns true when it was let in: then the connection is counted by the broker
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, hosts: KnownHosts): boolean {
    let isLetIn = false;
    socket.on('error', () => socket.destroy());
    const { origin, host } = request.headers;
    if (!isWelcomeOrigin(origin, host, { hosts, allowed: this.#host.allowedOrigins })) {
      this.#refused.tell({ origin, host, address: addressOf(socket) });
      refuseUpgrade(socket, '403 Forbidden', `pages of this origin are refused: ${HOW_TO_ALLOW}\n`);
      return false;
    }
    try {
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        const remoteAddress = addressOf(socket);
        const stream = createWebSocketStream(webSocket, { highWaterMark: 65_536 });
        countUnfinishedMessages(webSocket, socket, this.#host.unfinished);
        isLetIn = true;
        this.#host.adopt(stream, { remoteAddress });
      });
    } catch (fault) {
      this.#host.faults.report(fault, { where: 'a WebSocket upgrade' });
      socket.destroy();
    }
    return isLetIn;
  }
}

function addressOf(socket: Duplex): string {
  const { remoteAddress, remotePort } = socket as Socket;
  return `${remoteAddress}:${remotePort}`;
}

/** Answers an HTTP upgrade with a status, such as `404 Not Found`, and a line for whoever looks for the reason. */
export function refuseUpgrade(socket: Duplex, status: string, text = ''): void {
  const head = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
}

/** An HTTP server that does nothing but let WebSockets in. */
export interface WebSocketListener {
  readonly port: number;
  /** Shows another certificate to those who come from now on. */
  renew(options: ServerOptions): void;
  close(): Promise<void>;
}

/** Options of {@link listenForWebSockets}. */
export interface WebSocketListenOptions {
  readonly host: string;
  readonly port: number;
  /** Where WebSockets are; the rest of the address has nothing. */
  readonly path: string;
  /** For connections that are no WebSockets yet. */
  readonly waiting: WaitingLimits;
  /** Certificate and key; without them the bytes travel as they are. */
  readonly tls?: ServerOptions;
  /** Told when the system could not give us a connection. */
  readonly lost: (error: Error) => void;
  /** Told of a handshake over TLS that failed. */
  readonly handshakeFailed?: (error: Error, remoteAddress: string | undefined) => void;
}

/**
 * Listens for WebSockets.
 *
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function listenForWebSockets(
  door: WebSocketDoor,
  options: WebSocketListenOptions,
): Promise<WebSocketListener> {
  const { host, port, path, waiting: limits, tls, lost, handshakeFailed } = options;
  const timeouts = httpTimeouts(limits);
  const server =
    tls === undefined
      ? createServer(timeouts)
      : createTlsServer({ handshakeTimeout: limits.timeoutMs, ...timeouts, ...tls });
  const waiting = new WaitingSockets(server, limits);
  server.on('request', (_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain', connection: 'close' });
    response.end('This address speaks WebSocket only.\n');
  });
  const hosts = new KnownHosts(host);
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?')[0] !== path) return refuseUpgrade(socket, '404 Not Found');
    if (door.upgrade(request, socket, head, hosts)) waiting.release(request.socket);
  });
  await listen(server, host, port);
  server.on('error', lost);
  server.on('tlsClientError', (error: Error, socket: Socket) =>
    handshakeFailed?.(error, socket.remoteAddress),
  );
  return {
    port: boundPort(server),
    renew: (options) => {
      if (server instanceof TlsServer) server.setSecureContext(options);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        waiting.close();
      }),
  };
}

/** For Node's own HTTP servers: how long a request may take to arrive. */
export function httpTimeouts({ timeoutMs, sweepIntervalMs }: WaitingLimits): ServerOptions {
  return {
    headersTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    connectionsCheckingInterval: sweepIntervalMs,
  };
}
