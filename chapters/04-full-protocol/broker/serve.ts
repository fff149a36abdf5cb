import { once } from 'node:events';
import type { Socket } from 'node:net';
import createDebug from 'debug';
import { type ListenOptions, type RunningServer, startServer } from '#framing/net';
import { ProtocolError } from '../wire/index.ts';
import type { Engine } from './engine.ts';
import type { BrokerLimits } from './limits.ts';
import { Session, type SessionHost } from './session.ts';

const debug = createDebug('leveret:broker');

/** Connections that are turned away and have not gone yet. Beyond it nobody is told why. */
const MAX_TURNED_AWAY = 100;

/** A broker that runs. */
export interface RunningBroker extends RunningServer {
  /** How often something went wrong in the broker itself. Each time is in the log, with its cause. */
  readonly faults: number;
  /**
   * Takes no more clients, says CLOSING to those that are there, waits until they have gone, at most the limit
   * `closeTimeoutMs`, and ends. Calling it again changes nothing.
   */
  close(): Promise<void>;
}

/** Where a broker listens, and which life of its topics this is. */
export interface ServeOptions extends ListenOptions {
  /** Ids of one epoch only can be compared. @defaultValue the time of the start, in milliseconds since 1970 */
  readonly epoch?: number;
}

/**
 * Starts a broker on an engine: listens, and makes each connection a session.
 *
 * @param limits - as `readLimits(BROKER_LIMITS, options)` gives them
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`; OptionError for a bad port
 */
export async function serveEngine(
  engine: Engine,
  limits: BrokerLimits,
  options: ServeOptions = {},
): Promise<RunningBroker> {
  const { host, port, epoch = Date.now() } = options;
  const sessions = new SessionTable(engine, limits, epoch);
  const server = await startServer({
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    allowHalfOpen: true,
    onConnection: (socket) => sessions.accept(socket),
  });
  let closed: Promise<void> | undefined;
  return {
    host: server.host,
    port: server.port,
    get connections() {
      return server.connections;
    },
    get faults() {
      return sessions.faults;
    },
    close() {
      closed ??= sessions.close().then(() => server.close());
      return closed;
    },
  };
}

/** The sessions of a broker. */
class SessionTable implements SessionHost {
  readonly engine: Engine;
  readonly limits: BrokerLimits;
  readonly epoch: number;
  faults = 0;
  readonly #sessions = new Map<Session, Socket>();
  #lastId = 0;
  #turnedAway = 0;
  #closing = false;

  constructor(engine: Engine, limits: BrokerLimits, epoch: number) {
    this.engine = engine;
    this.limits = limits;
    this.epoch = epoch;
  }

  accept(socket: Socket): void {
    const isFull = this.#sessions.size >= this.limits.maxConnections;
    if (isFull || this.#closing) return this.#turnAway(socket);
    this.#lastId += 1;
    const session = new Session(this.#lastId, socket, this);
    this.#sessions.set(session, socket);
    socket.once('close', () => this.#sessions.delete(session));
  }

  reportFault({ cause }: ProtocolError): void {
    this.faults += 1;
    // An error shows its stack, and its own cause.
    console.error('leveret: a fault of the broker; one connection was ended:', cause);
  }

  async close(): Promise<void> {
    this.#closing = true;
    const gone = [...this.#sessions.values()].map((socket) => once(socket, 'close'));
    for (const session of this.#sessions.keys()) session.shutdown();
    await Promise.all(gone);
    this.engine.close();
  }

  #turnAway(socket: Socket): void {
    if (this.#turnedAway >= MAX_TURNED_AWAY) return void socket.destroy();
    this.#turnedAway += 1;
    socket.once('close', () => {
      this.#turnedAway -= 1;
    });
    const session = new Session(0, socket, this);
    if (this.#closing) session.shutdown();
    else session.fail(new ProtocolError('FULL', `no more than ${this.limits.maxConnections} connections; try later`));
  }
}
