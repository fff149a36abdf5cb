import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ListenOptions, type RunningServer, startServer } from '#framing/net';
import { ProtocolError } from '../index.ts';
import type { Engine } from './engine.ts';
import type { BrokerLimits } from './limits.ts';
import { Session, type SessionHost } from './session.ts';

/** Connections that are turned away and have not gone yet. Beyond it nobody is told why. */
const MAX_TURNED_AWAY = 100;

/** A broker that runs. */
export interface RunningBroker extends RunningServer {
  /** How often something went wrong in the broker itself. Each time is in the log, with its cause. */
  faults(): number;
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
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 * @throws OptionError for a port out of range
 */
export async function serveEngine(
  engine: Engine,
  limits: BrokerLimits,
  { epoch = Date.now(), ...where }: ServeOptions = {},
): Promise<RunningBroker> {
  let faults = 0;
  const reportFault = ({ cause }: ProtocolError) => {
    faults += 1;
    console.error('a fault of the broker has ended a connection:', cause);
  };
  const sessions = new SessionTable({ engine, limits, epoch, reportFault });
  const onConnection = (socket: Socket) => sessions.accept(socket);
  const server = await startServer({ ...where, allowHalfOpen: true, onConnection });
  const stopListening = server.close;
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= sessions.close().then(stopListening);
    return closed;
  };
  return Object.assign(server, { close, faults: () => faults });
}

/** The sessions of a broker. */
class SessionTable {
  readonly #host: SessionHost;
  readonly #sessions = new Map<Session, Socket>();
  readonly #turnedAway = new Map<Session, Socket>();
  #lastId = 0;
  #closing = false;

  constructor(host: SessionHost) {
    this.#host = host;
  }

  // #region accept
  accept(socket: Socket): void {
    const isFull = this.#sessions.size >= this.#host.limits.maxConnections;
    const table = isFull || this.#closing ? this.#turnedAway : this.#sessions;
    if (this.#turnedAway.size >= MAX_TURNED_AWAY) return void socket.destroy();
    this.#lastId += 1;
    const session = new Session(this.#lastId, socket, this.#host);
    table.set(session, socket);
    socket.once('close', () => table.delete(session));
    if (this.#closing) session.shutdown();
    else if (isFull) session.fail(new ProtocolError('FULL', 'too many connections; try again later'));
  }
  // #endregion accept

  async close(): Promise<void> {
    const { engine, limits } = this.#host;
    this.#closing = true;
    const gone = [...this.#sessions.values()].map((socket) => once(socket, 'close'));
    for (const session of this.#sessions.keys()) session.shutdown();
    await Promise.race([Promise.all(gone), delay(limits.closeTimeoutMs, undefined, { ref: false })]);
    engine.close();
  }
}
