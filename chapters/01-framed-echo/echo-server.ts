import type { Socket } from 'node:net';
import { DEFAULT_FRAME_LIMIT } from './frame.ts';
import { checkLimit, type FrameReaderOptions } from './frame-reader.ts';
import { type RunningServer, type ServerOptions, startServer } from './server.ts';
import { FrameWriter, readFrames } from './socket-halves.ts';
// step 1.14: echo

/** Options of {@link startEchoServer}. */
export interface EchoServerOptions
  extends Omit<ServerOptions, 'onConnection' | 'allowHalfOpen'>,
    FrameReaderOptions {}

/**
 * Starts a server that sends every frame back to the client that sent it. A client whose bytes are not frames is
 * disconnected; the others notice nothing.
 *
 * Errors that a connection ends with, as `onError` gets them: `BAD_FRAME`, `TOO_LARGE`, `TRUNCATED`, or `DISCONNECTED`
 * when it broke or {@link RunningServer.close} ended it.
 *
 * Source: the seed zaichik, "adds simple framed tcp echo server".
 *
 * @throws OptionError for a bad port or limit
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function startEchoServer(options: EchoServerOptions = {}): Promise<RunningServer> {
  // #region start-echo
  const { limit = DEFAULT_FRAME_LIMIT, ...where } = options;
  checkLimit(limit);
  return startServer({
    ...where,
    // A client that has sent its last frame still waits for its last echo.
    allowHalfOpen: true,
    onConnection: (socket) => echo(socket, { limit }),
  });
  // #endregion start-echo
}

// #region echo
/** Serves one connection until its client ends it. */
async function echo(socket: Socket, reading: FrameReaderOptions): Promise<void> {
  const writer = new FrameWriter(socket);
  for await (const { type, body } of readFrames(socket, reading)) {
    // Waiting here stops the reading too: who does not read its echoes is not read
    // from.
    await writer.send(type, body);
  }
  writer.end();
}
// #endregion echo
