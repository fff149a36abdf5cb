import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { boundPort, listen } from '#framing/net';
import { KnownHosts } from '../broker/access/known-hosts.ts';
import type { Broker } from '../broker/broker.ts';
import { WaitingSockets } from '../broker/listeners/waiting-sockets.ts';
import { httpTimeouts, refuseUpgrade } from '../broker/listeners/web-socket-listener.ts';
import { DEFAULT_PATH } from '../broker/options.ts';
import { RepeatedWarning } from '../broker/repeated-warning.ts';
import { Feed } from './feed.ts';
import { Guard, type Refusal, SECURITY_HEADERS } from './guard.ts';
import { Metrics } from './metrics.ts';
import {
  type InspectorOptions,
  type InspectorSettings,
  inspectorUrl,
  readInspectorOptions,
} from './options.ts';
import { page } from './page-files.ts';
import { type Readiness, readiness } from './readiness.ts';

/** Longest text that a search may have. */
const MAX_SEARCH = 255;

/** Milliseconds after which a connection is closed on which nothing moves. */
const STUCK_MS = 30_000;

/** An inspector that is listening: made by {@link startInspector}. */
export class Inspector implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Where a browser finds the page. */
  readonly url: string;
  readonly #server: Server;
  readonly #routes: Routes;

  /** For {@link startInspector}. */
  constructor(server: Server, host: string, routes: Routes) {
    this.#server = server;
    this.#routes = routes;
    this.host = host;
    this.port = boundPort(server);
    this.url = inspectorUrl(host, this.port);
  }

  /** Ends all that it answers. WebSockets that came in here belong to the broker, and end with it. */
  async close(): Promise<void> {
    this.#routes.close();
    this.#server.close();
    // The pages' feeds have been ended; who does not take that is not waited for.
    this.#server.closeIdleConnections();
    setImmediate(() => this.#server.closeAllConnections());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Starts the HTTP server that shows a broker: `/healthz`, `/readyz`, `/metrics`, `/api/state`, a live feed, the page, and
 * WebSockets for clients at `/leveret`.
 *
 * @throws RangeError for an option out of range
 * @throws LeveretError `INSECURE`, `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function startInspector(broker: Broker, options: InspectorOptions = {}): Promise<Inspector> {
  const settings = readInspectorOptions(options, broker.isGuarded);
  const limits = broker.waitingLimits;
  const server = createServer(httpTimeouts(limits));
  // Who takes nothing of an answer for so long is gone. The feed says something all the time.
  server.setTimeout(STUCK_MS);
  const waiting = new WaitingSockets(server, limits);
  const routes = new Routes(broker, settings, waiting);
  server.on('request', (request, response) => {
    waiting.served(request.socket);
    routes.answer(request, response);
  });
  const { faults } = broker.core;
  server.on('upgrade', (request, socket, head) => {
    faults.guard('the inspector', () => routes.upgrade(request, socket, head));
  });
  // Now, while there are descriptors, and not when somebody asks for it.
  await page.get().catch((error: unknown) => routes.pageMissing(error));
  await listen(server, settings.host, settings.port);
  server.on('error', (error) => broker.notAccepted(error));
  const inspector = new Inspector(server, settings.host, routes);
  settings.logger.info({ url: inspector.url }, 'inspector listening');
  return inspector;
}

/** What is answered to which request. */
class Routes {
  readonly #broker: Broker;
  readonly #hosts: KnownHosts;
  readonly #guard: Guard;
  readonly #feed: Feed;
  readonly #waiting: WaitingSockets;
  readonly #pageMissing: RepeatedWarning;
  // Made by the first that asks: its default figures keep an eye on the event loop from then on.
  #metrics: Metrics | undefined;
  #closing = false;

  constructor(broker: Broker, settings: InspectorSettings, waiting: WaitingSockets) {
    const { host, allowedHosts, maxViewers, logger } = settings;
    this.#broker = broker;
    this.#waiting = waiting;
    this.#pageMissing = new RepeatedWarning(logger, 'the page of the inspector cannot be read; trying again');
    this.#hosts = new KnownHosts(host, allowedHosts);
    this.#guard = new Guard(broker, this.#hosts);
    this.#feed = new Feed(broker, maxViewers);
  }

  /** The page could not be loaded. It will be tried again. */
  pageMissing(error: unknown): undefined {
    this.#pageMissing.tell({ reason: error instanceof Error ? error.message : String(error) });
  }

  close(): void {
    this.#closing = true;
    this.#feed.close();
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value ?? '');
    this.#answer(request, response).catch((error: unknown) => {
      this.#broker.core.faults.report(error, { where: 'the inspector', url: request.url });
      if (response.headersSent) response.destroy();
      else sendText(response, 500, 'this could not be answered\n');
    });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    if (this.#closing) refuseUpgrade(socket, '503 Service Unavailable');
    else if (pathOf(request).pathname !== DEFAULT_PATH) refuseUpgrade(socket, '404 Not Found');
    else if (this.#broker.webSockets.upgrade(request, socket, head, this.#hosts)) {
      this.#waiting.release(request.socket);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = pathOf(request);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return sendText(response, 405, 'only GET is answered here\n');
    }
    // Asked by whatever watches over machines, by whatever name it knows them, and without a token: they tell very little.
    const isClosing = this.#closing || this.#broker.isClosing;
    if (pathname === '/healthz') {
      return sendText(response, isClosing ? 503 : 200, isClosing ? 'closing\n' : 'ok\n');
    }
    if (pathname === '/readyz') return sendReadiness(response, readiness(this.#broker, isClosing));
    const stranger = this.#guard.refuseStrangers(request);
    if (stranger !== undefined) return refuse(response, stranger);
    if (pathname === '/metrics' || pathname.startsWith('/api/')) {
      return this.#answerPrivate(request, response, pathname, searchParams);
    }
    return this.#answerFile(request, response, pathname);
  }

  async #answerFile(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const files = await page.get().catch((error: unknown) => this.pageMissing(error));
    if (files === undefined) {
      response.setHeader('retry-after', '2');
      return sendText(response, 503, 'the page cannot be read just now; the log of the broker says why\n');
    }
    const file = files.get(path);
    if (file === undefined) return sendText(response, 404, 'there is nothing here\n');
    response.setHeader('cache-control', 'no-cache');
    response.setHeader('etag', file.etag);
    if (request.headers['if-none-match'] === file.etag) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, { 'content-type': file.type, 'content-length': file.body.length }).end(file.body);
  }

  async #answerPrivate(
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
    query: URLSearchParams,
  ): Promise<void> {
    const grants = this.#guard.identify(request);
    if ('status' in grants) {
      // A page comes without a token at first, and asks for one.
      if (request.headers.authorization !== undefined) {
        const { remoteAddress } = request.socket;
        this.#broker.core.refusedLogins.tell(remoteAddress, grants.reason, { over: 'http' });
      }
      return refuse(response, grants);
    }
    response.setHeader('cache-control', 'no-store');
    const search = (query.get('search') ?? '').slice(0, MAX_SEARCH);
    if (pathname === '/metrics') {
      this.#metrics ??= new Metrics(this.#broker);
      const text = await this.#metrics.scrape();
      response.writeHead(200, { 'content-type': this.#metrics.contentType }).end(text);
    } else if (pathname === '/api/state') {
      const text = JSON.stringify(this.#feed.lookOnce(search));
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(text);
    } else if (pathname === '/api/feed' && request.method === 'GET') {
      const frames = query.get('frames') === '1';
      // Those who follow the feed have a limit of their own.
      if (this.#feed.open(response, { search, frames, grants })) return this.#waiting.release(request.socket);
      response.setHeader('retry-after', '10');
      sendText(response, 503, 'too many pages are watching\n');
    } else {
      sendText(response, 404, 'there is nothing here\n');
    }
  }
}

function pathOf({ url = '/' }: IncomingMessage): URL {
  try {
    return new URL(url, 'http://inspector');
  } catch {
    return new URL('http://inspector/%00');
  }
}

function refuse(response: ServerResponse, { status, reason }: Refusal): void {
  if (status === 401) response.setHeader('www-authenticate', 'Bearer realm="leveret"');
  sendText(response, status, `${reason}\n`);
}

function sendReadiness(response: ServerResponse, answer: Readiness): void {
  const head = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  response.writeHead(answer.ready ? 200 : 503, head).end(`${JSON.stringify(answer)}\n`);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(text);
}
