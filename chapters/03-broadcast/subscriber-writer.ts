import type { Socket } from 'node:net';
import createDebug from 'debug';
import { encodeFrame, LeveretError } from '#framing';
import { FrameWriter } from '#framing/net';
import { encodeLagged, LAGGED_TYPE } from './lagged-frame.ts';
import type { Receiver } from './receiver.ts';

const debug = createDebug('leveret:broadcast');

// #region write-received
/**
 * The writing half of a connection, owned by its subscriber: takes what the receiver gets and writes it to
 * the socket, at the pace of that socket alone. Ends when the receiver ends.
 *
 * The receiver gives whole frames, laid out once for all connections.
 *
 * @throws {@link LeveretError} `SLOW` when the client took nothing for `drainTimeoutMs`.
 * @throws {@link LeveretError} `DISCONNECTED` when the connection broke.
 */
export async function writeReceived(
  receiver: Receiver<Buffer>,
  socket: Socket,
  drainTimeoutMs: number,
): Promise<void> {
  // task 3.5: from the receiver to the socket
  const writer = new FrameWriter(socket);
  for await (const received of receiver) {
    if ('lagged' in received) debug('a subscriber missed %d frames', received.lagged);
    const frame =
      'lagged' in received ? encodeFrame(LAGGED_TYPE, encodeLagged(received.lagged)) : received.value;
    gather(socket);
    // While this waits, the receiver reads nothing and falls behind. Nobody else does.
    if (!socket.write(frame)) await drainedWithin(writer, drainTimeoutMs, receiver);
  }
  writer.end();
}
// #endregion write-received

// #region gather
/**
 * Hold back what is written from here on, and hand it to the system in one go as soon as there is nothing more
 * to write now. A system call for each small frame costs far more than the frame.
 */
function gather(socket: Socket): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(() => socket.uncork());
}
// #endregion gather

/** Wait until the socket takes more, but not for ever. */
async function drainedWithin(
  writer: FrameWriter,
  milliseconds: number,
  receiver: Receiver<Buffer>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const reason = `took nothing for ${milliseconds} ms and is ${receiver.lag} frames behind`;
      reject(new LeveretError('SLOW', `the client ${reason}: closed`));
    }, milliseconds);
  });
  try {
    await Promise.race([writer.drained(), late]);
  } finally {
    clearTimeout(timer);
  }
}
