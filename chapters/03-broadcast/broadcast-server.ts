import type { Socket } from 'node:net';
import createDebug from 'debug';
import { encodeFrame, FrameError, type FrameReaderOptions, LeveretError } from '#framing';
import { type ListenOptions, type RunningServer, readFrames, startServer } from '#framing/net';
import { BroadcastChannel } from './broadcast-channel.ts';
import { LAGGED_TYPE } from './lagged-frame.ts';
import { writeReceived } from './subscriber-writer.ts';
import { TurnBudget } from './turn-budget.ts';

const debug = createDebug('leveret:broadcast');

/** Options of {@link startBroadcastServer}. */
export interface BroadcastServerOptions extends ListenOptions {
  /**
   * The largest frame size accepted, in bytes (type and body).
   * @defaultValue 65536
   */
  readonly limit?: number;
  /**
   * Frames kept for clients that are behind. All of them together hold at most `capacity` times `limit` bytes:
   * 64 MiB with the defaults.
   * @defaultValue 1024
   */
  readonly capacity?: number;
  /**
   * Milliseconds for which a client may refuse to take its data before it is closed with the reason `SLOW`.
   * @defaultValue 10000
   */
  readonly drainTimeoutMs?: number;
  /** Called when a connection is closed because of what its client sent or did. The server goes on. */
  readonly onError?: (error: LeveretError) => void;
}

/** What the connections of one server share. */
interface Room {
  readonly channel: BroadcastChannel<Buffer>;
  readonly budget: TurnBudget;
  readonly reading: FrameReaderOptions;
  readonly drainTimeoutMs: number;
}

/**
 * Starts a server that sends every frame to all clients, the sender among them, in one order for all.
 *
 * Nobody waits for a slow client. When it is more than `capacity` frames behind, it gets a frame of type
 * {@link LAGGED_TYPE} that tells how many it missed, and goes on with the oldest frame kept. When it takes
 * nothing at all for `drainTimeoutMs`, it is closed. A client must not send that type itself.
 *
 * Errors that a connection ends with, as `onError` gets them: those of `readFrames`; `RESERVED_TYPE`; `SLOW`.
 *
 * Source: the seed zaichik, "redo echo server with broadcast style".
 *
 * @throws RangeError when `capacity`, `limit` or `drainTimeoutMs` is out of range.
 * @throws `LeveretError` `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function startBroadcastServer(options: BroadcastServerOptions = {}): Promise<RunningServer> {
  const { capacity = 1024, limit = 65_536, drainTimeoutMs = 10_000, onError, ...where } = options;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 0xffffffff) {
    throw new RangeError(`limit must be a whole number from 1 to 4294967295, got ${limit}`);
  }
  if (!(drainTimeoutMs >= 1 && drainTimeoutMs <= 0x7fffffff)) {
    throw new RangeError(`drainTimeoutMs must be from 1 to 2147483647, got ${drainTimeoutMs}`);
  }
  const room: Room = {
    channel: new BroadcastChannel<Buffer>(capacity),
    // Half the ring a turn: whoever keeps up with every second turn misses nothing.
    budget: new TurnBudget(Math.max(1, capacity >> 1)),
    reading: { limit },
    drainTimeoutMs,
  };
  return startServer({
    ...where,
    onConnection(socket) {
      serveConnection(socket, room).catch((error: unknown) => {
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

// #region serve-connection
/** Both halves of one connection, side by side, until both have ended or one has failed. */
async function serveConnection(socket: Socket, room: Room): Promise<void> {
  // A client that has said all it wants to say still gets the answers: keep our half open when it ends its own.
  socket.allowHalfOpen = true;
  const receiver = room.channel.subscribe();
  debug('a subscriber joined, there are %d', room.channel.receivers);
  try {
    await Promise.all([
      publishFrames(socket, room).then(() => receiver.finish()),
      writeReceived(receiver, socket, room.drainTimeoutMs),
    ]);
  } catch (error) {
    if (error instanceof FrameError && error.code !== 'TRUNCATED') socket.resetAndDestroy();
    else socket.destroy();
    throw error;
  } finally {
    receiver.close();
    debug('a subscriber left, there are %d', room.channel.receivers);
  }
}
// #endregion serve-connection

// #region publish-frames
/** The reading half: every frame that arrives goes to the channel. It never waits for a receiver. */
async function publishFrames(socket: Socket, room: Room): Promise<void> {
  // task 3.6: from the socket to the channel
  for await (const { type, body } of readFrames(socket, room.reading)) {
    if (type === LAGGED_TYPE) {
      throw new LeveretError('RESERVED_TYPE', 'only the server sends frames of type 0x4c (lagged)');
    }
    await room.budget.spend();
    // Laid out once, here. Every subscriber's socket writes these same bytes.
    const receivers = room.channel.publish(encodeFrame(type, body));
    debug('type %d, %d bytes, to %d subscribers', type, body.length, receivers);
  }
}
// #endregion publish-frames
