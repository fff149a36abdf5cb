import type { Socket } from 'node:net';
import createDebug from 'debug';
import { LeveretError } from './errors.ts';
import { DEFAULT_FRAME_LIMIT } from './frame.ts';
import { checkLimit, type FrameReaderOptions } from './frame-reader.ts';
import { type ListenOptions, type RunningServer, startServer } from './server.ts';
import { closeSoon, FrameWriter, readFrames } from './socket-halves.ts';

const debug = createDebug('leveret:framing');

/** Options of {@link startEchoServer}. */
export interface EchoServerOptions extends ListenOptions, FrameReaderOptions {
  /**
   * Called when a connection is closed because of what its client sent or did: `BAD_FRAME`, `TOO_LARGE`,
   * `TRUNCATED`, or `DISCONNECTED` when it broke or {@link RunningServer.close} ended it. The server goes on.
   */
  readonly onError?: (error: LeveretError) => void;
}

/**
 * Starts a server that sends every frame back to the client that sent it. A client whose bytes are not frames
 * is disconnected; the others notice nothing.
 *
 * Source: the seed zaichik, "adds simple framed tcp echo server".
 *
 * @throws RangeError for a bad port or limit
 * @throws {@link LeveretError} `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function startEchoServer(options: EchoServerOptions = {}): Promise<RunningServer> {
  const { onError, limit = DEFAULT_FRAME_LIMIT, ...where } = options;
  checkLimit(limit);
  return startServer({
    ...where,
    // A client that has sent its last frame still waits for its last echo.
    allowHalfOpen: true,
    onConnection(socket) {
      echo(socket, { limit }).catch((error: unknown) => {
        const reason =
          error instanceof LeveretError
            ? error
            : new LeveretError('INTERNAL', String(error), { cause: error });
        debug('closing a connection: %s %s', reason.code, reason.message);
        onError?.(reason);
      });
    },
  });
}

/** Serves one connection until its client ends it. */
// #region echo
async function echo(socket: Socket, reading: FrameReaderOptions): Promise<void> {
  // task 1.7: send every frame back
  const writer = new FrameWriter(socket);
  try {
    for await (const { type, body } of readFrames(socket, reading)) {
      // Waiting here stops the reading too: a client that does not read its echoes is not read from.
      await writer.send(type, body);
    }
    writer.end();
  } catch (error) {
    closeSoon(socket);
    throw error;
  }
}
// #endregion echo
