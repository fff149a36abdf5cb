import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { boundPort, listen } from '#framing/net';
import { isLoopback } from '../../final/broker/access/exposure.ts';
import { SECURITY_HEADERS } from '../../final/inspector/guard.ts';
import { page } from '../../final/inspector/page-files.ts';
import type { ConnectionState, FrameState, InspectorState } from '../../final/inspector/state.ts';
import type { TappedFrame } from './tap.ts';

/** Milliseconds between updates of a page. */
const INTERVAL_MS = 250;
/** Frames that wait for the next update. */
const MAX_FRAMES = 200;

interface Viewer {
  readonly response: ServerResponse;
  frames: FrameState[];
}

/** The inspector's page, fed by a proxy: its connections, and its frames on the x-ray. */
export class XrayPage {
  readonly #server: Server;
  readonly #about: string;
  readonly #viewers = new Set<Viewer>();
  readonly #connections = new Map<number, ConnectionState>();
  readonly #webSockets = new WebSocketServer({ noServer: true });
  readonly #began = performance.now();
  #bridgeTo: number | undefined;
  readonly #timer: NodeJS.Timeout;

  private constructor(server: Server, about: string) {
    this.#server = server;
    this.#about = about;
    this.#timer = setInterval(() => this.#tell(), INTERVAL_MS);
  }

  /**
   * Starts it on a loopback address.
   *
   * @param about - what the page says it shows
   * @throws LeveretError `ADDRESS_IN_USE`
   */
  static async start(port: number, about: string): Promise<XrayPage> {
    const server = createServer();
    const xray = new XrayPage(server, about);
    server.on('request', (request, response) => {
      void xray.#answer(request.url ?? '/', request.headers.host ?? '', response);
    });
    server.on('upgrade', (request, socket, head) => xray.#upgrade(request, socket, head));
    try {
      await listen(server, '127.0.0.1', port);
    } catch (error) {
      clearInterval(xray.#timer);
      throw error;
    }
    return xray;
  }

  get url(): string {
    return `http://127.0.0.1:${boundPort(this.#server)}/`;
  }

  opened(number: number, address: string): void {
    this.#connections.set(number, {
      number,
      name: '',
      address,
      state: 'open',
      bytesIn: 0,
      bytesOut: 0,
      queuedBytes: 0,
      subscriptions: 0,
      waiting: 0,
    });
  }

  closed(number: number): void {
    this.#connections.delete(number);
  }

  frame(number: number, { direction, size, bytes }: TappedFrame): void {
    const before = this.#connections.get(number);
    if (before !== undefined) {
      const [bytesIn, bytesOut] = direction === 'in' ? [size, 0] : [0, size];
      const counted = { bytesIn: before.bytesIn + bytesIn, bytesOut: before.bytesOut + bytesOut };
      this.#connections.set(number, { ...before, ...counted });
    }
    const shown = { at: Date.now(), connection: number, name: '', direction, size };
    const frame: FrameState = { ...shown, bytes: Buffer.from(bytes).toString('base64') };
    for (const { frames } of this.#viewers) if (frames.length < MAX_FRAMES) frames.push(frame);
  }

  /** The page's own client talks to this port: the proxy's, so that its frames are seen too. */
  bridgeTo(port: number): void {
    this.#bridgeTo = port;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const webSocket of this.#webSockets.clients) webSocket.terminate();
    for (const { response } of this.#viewers) response.end();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(url: string, host: string, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value ?? '');
    if (!isOurs(host)) return end(response, 421, 'this is reached by 127.0.0.1 or localhost\n');
    const { pathname } = new URL(url, 'http://xray');
    if (pathname === '/api/feed') return this.#open(response);
    try {
      const file = (await page.get()).get(pathname);
      if (file === undefined) return end(response, 404, 'there is nothing here\n');
      response.writeHead(200, { 'content-type': file.type, 'cache-control': 'no-cache' }).end(file.body);
    } catch (error) {
      end(response, 503, `the page cannot be made: ${error instanceof Error ? error.message : error}\n`);
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const { host = '', origin } = request.headers;
    const port = this.#bridgeTo;
    if (!isOurs(host) || origin !== `http://${host}` || port === undefined) return void socket.destroy();
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = createWebSocketStream(webSocket);
      const tcp = connect(port, '127.0.0.1');
      for (const end of [stream, tcp]) end.on('error', () => end.destroy());
      tcp.on('close', () => stream.destroy());
      stream.pipe(tcp).pipe(stream);
    });
  }

  #open(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const viewer: Viewer = { response, frames: [] };
    this.#viewers.add(viewer);
    response.on('close', () => this.#viewers.delete(viewer));
    this.#tell();
  }

  #tell(): void {
    const state = JSON.stringify(this.#state());
    for (const viewer of this.#viewers) {
      const { frames, response } = viewer;
      viewer.frames = [];
      response.write(`event: state\ndata: ${state}\n\n`);
      if (frames.length > 0) response.write(`event: frames\ndata: ${JSON.stringify(frames)}\n\n`);
    }
  }

  #state(): InspectorState {
    const connections = [...this.#connections.values()];
    const sum = (of: (connection: ConnectionState) => number): number =>
      connections.reduce((total, connection) => total + of(connection), 0);
    return {
      at: Date.now(),
      epoch: 0,
      uptimeMs: performance.now() - this.#began,
      addresses: [this.#about],
      totals: {
        connections: connections.length,
        topics: 0,
        inboxes: 0,
        subscriptions: 0,
        published: 0,
        bytesIn: sum(({ bytesIn }) => bytesIn),
        bytesOut: sum(({ bytesOut }) => bytesOut),
        queuedBytes: 0,
        logBytes: 0,
        retainedBytes: 0,
        maxTotalRetainedBytes: 0,
        memoryState: 'ok',
        bufferedBytes: 0,
        residentBytes: 0,
        eventLoopDelayMs: 0,
      },
      topics: [],
      connections,
    };
  }
}

/** Whether this machine is called by a name that is its own: a page of another name could have been led to it. */
function isOurs(host: string): boolean {
  return isLoopback(host.replace(/:\d+$/, ''));
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}
