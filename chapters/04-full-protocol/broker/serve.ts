import type { Socket } from 'node:net';
import { type ListenOptions, type RunningServer, startServer } from '#framing/net';
import { ProtocolError } from '../index.ts';
import type { Engine } from './engine.ts';
import type { BrokerLimits } from './limits.ts';
import { openSession, type Session, type SessionHost } from './session.ts';

// step 4.5: a session that says WELCOME

/** Connections that are turned away and have not gone yet. Beyond it nobody is told why. */
const MAX_TURNED_AWAY = 100;

/**
 * A broker that runs. Its `close` takes no more clients, says CLOSING to those that are there, waits until they have
 * gone, at most the limit `closeTimeoutMs`, and ends.
 */
export interface RunningBroker extends RunningServer {
  /** How often something went wrong in the broker itself. Each time is in the log, with its cause. */
  faults(): number;
}

/** Where a broker listens, and what its WELCOME says of its topics. */
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
  // #region serve
  const sessions = new Set<Session>();
  const turnedAway = new Set<Session>();
  let lastId = 0;
  let faults = 0;
  const reportFault = ({ cause }: ProtocolError) => {
    faults += 1;
    console.error('a fault of the broker has ended a connection:', cause);
  };
  const host: SessionHost = { engine, limits, epoch, reportFault };
  const onConnection = (socket: Socket) => {
    const isFull = sessions.size >= limits.maxConnections;
    if (isFull && turnedAway.size >= MAX_TURNED_AWAY) return socket.destroy();
    const session = openSession(++lastId, socket, host);
    const table = isFull ? turnedAway : sessions;
    table.add(session);
    socket.on('close', () => table.delete(session));
    if (isFull) session.fail(new ProtocolError('FULL', 'too many connections; try again later'));
  };
  const onClose = () => {
    for (const session of sessions) session.shutdown();
    engine.close();
  };
  const { closeTimeoutMs } = limits;
  const options = { ...where, allowHalfOpen: true, closeTimeoutMs, onConnection, onClose };
  return Object.assign(await startServer(options), { faults: () => faults });
  // #endregion serve
}
