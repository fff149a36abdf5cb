import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { FrameSender, UnfinishedFrames } from '../session/unfinished-frames.ts';

/** What has come of a message is counted from here on: what comes at once and is whole costs nothing. */
const SMALL_BYTES = 16_384;
/** The code of a WebSocket's end that says "try again later". */
const TRY_AGAIN_LATER = 1013;

/**
 * Counts what has come of messages that are not whole yet, of one WebSocket: `ws` holds these bytes, and no session has seen
 * them. Together with unfinished frames they are bounded over all connections.
 *
 * @param socket - beneath the WebSocket, which has its listeners there already
 */
export function countUnfinishedMessages(
  webSocket: WebSocket,
  socket: Duplex,
  unfinished: UnfinishedFrames,
): void {
  const sender: FrameSender = {
    unfinishedBytes: 0,
    fail(thrown) {
      webSocket.close(TRY_AGAIN_LATER, thrown instanceof Error ? thrown.message.slice(0, 120) : '');
      webSocket.terminate();
    },
  };
  let held = 0;
  let taken = 0;
  const whole = (data: Buffer): void => {
    taken += wireSize(data.length);
  };
  webSocket.on('message', whole).on('ping', whole).on('pong', whole);
  socket.on('data', (chunk: Buffer) => {
    held += chunk.length - taken;
    // Fragments have more headers than their message would have: no more is left than came after the last whole one.
    if (taken > 0) held = Math.max(0, Math.min(held, chunk.length));
    taken = 0;
    if (held > SMALL_BYTES) unfinished.hold(sender, held);
    else if (sender.unfinishedBytes > 0) unfinished.letGo(sender);
  });
  webSocket.on('close', () => unfinished.letGo(sender));
}

/** Bytes of a frame of a client, unless it comes in fragments: two, the mask, the payload and its longer length. */
function wireSize(payload: number): number {
  return payload + 6 + (payload < 126 ? 0 : payload < 65_536 ? 2 : 8);
}
