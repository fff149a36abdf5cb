import { createServer, type Socket } from 'node:net';
import createDebug from 'debug';
import { type LeveretError, toLeveretError } from './errors.ts';
import { checkWhole, MAX_TIMEOUT_MS } from './limits.ts';
import { boundPort, checkPort, DEFAULT_HOST, type ListenOptions, listen } from './listen.ts';
import { closeSoon } from './socket-halves.ts';

// step 1.13: a server

const debug = createDebug('leveret:framing');

/**
 * When a socket holds so many bytes it counts as full. Node's own measure is as much from version 22 on; with the 16 KiB of
 * older ones a writer that has much to say stops, and is called again, four times as often.
 */
const HIGH_WATER_MARK = 65_536;

/** Options of {@link startServer}. */
export interface ServerOptions extends ListenOptions {
  /**
   * Called for every connection. Its errors are listened to already; the socket is yours to read and write. When this
   * fails, at once or later by its promise, the connection is closed, after what was written to it.
   */
  readonly onConnection: (socket: Socket) => unknown;
  /** Called with the reason why `onConnection` failed. The server goes on. A fault of the program is `INTERNAL`. */
  readonly onError?: (error: LeveretError) => void;
  /**
   * True: when a client ends its side, yours stays open until you end it, so the answers still go out.
   * False: Node ends your side at once.
   * @defaultValue false
   */
  readonly allowHalfOpen?: boolean;
  /**
   * Called at `close`, when nobody is let in any more: time for a last word on every connection. They have
   * `closeTimeoutMs` to end, then they are closed.
   * @defaultValue they are closed at once
   */
  readonly onClose?: () => void;
  /**
   * Milliseconds that connections have after `onClose`.
   * @defaultValue 1,000
   */
  readonly closeTimeoutMs?: number;
}

/** A server that is listening. */
export interface RunningServer {
  /** The address it listens on. */
  readonly host: string;
  /** The port it listens on. */
  readonly port: number;
  /** How many connections are open now. */
  readonly connections: number;
  /** Stops listening, and resolves when every connection is closed. Calling it again changes nothing. */
  close(): Promise<void>;
}

/**
 * Listens for connections and keeps count of them, so that closing the server closes them too.
 *
 * @throws RangeError for a port that is not a whole number from 0 to 65535
 * @throws {@link LeveretError} `ADDRESS_IN_USE` when the port is taken, `ADDRESS_UNAVAILABLE` when the
 * address is not one of this machine or may not be used
 */
// #region start-server
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host = DEFAULT_HOST, port = 0, allowHalfOpen = false } = options;
  const { onClose, closeTimeoutMs = 1_000 } = options;
  checkPort(port);
  checkWhole('closeTimeoutMs', closeTimeoutMs, 1, MAX_TIMEOUT_MS);
  const sockets = new Set<Socket>();
  const ofSockets = { noDelay: true, allowHalfOpen, highWaterMark: HIGH_WATER_MARK };
  const server = createServer(ofSockets, (socket) => {
    sockets.add(socket);
    // Not `once`: these events come once by themselves, and its wrapper would cost
    // memory for every connection.
    socket.on('close', () => sockets.delete(socket));
    // A socket without an error listener ends the whole process when its peer resets
    // the connection.
    socket.on('error', (error) => debug('a connection broke: %s', error.message));
    serve(socket, options);
  });
  await listen(server, host, port);
  // The system may refuse one connection, for instance when there are too many open
  // files. The others go on.
  server.on('error', ({ message }) => debug('could not accept one: %s', message));
  let closed: Promise<void> | undefined;
  return {
    host,
    port: boundPort(server),
    get connections() {
      return sockets.size;
    },
    close() {
      closed ??= new Promise((resolve) => {
        const destroyAll = () => {
          for (const socket of sockets) socket.destroy();
        };
        const timer = setTimeout(destroyAll, closeTimeoutMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        if (onClose === undefined) destroyAll();
        else onClose();
      });
      return closed;
    },
  };
}
// #endregion start-server

/** Serves one connection; when that fails, closes it and tells why. */
// #region serve
function serve(socket: Socket, { onConnection, onError }: ServerOptions): void {
  // Within an async function, what is thrown at once fails the promise too.
  const served = (async () => onConnection(socket))();
  served.catch((thrown: unknown) => {
    const reason = toLeveretError(thrown);
    debug('closing a connection: %s %s', reason.code, reason.message);
    if (reason.code === 'INTERNAL') console.error(reason);
    closeSoon(socket);
    onError?.(reason);
  });
}
// #endregion serve
