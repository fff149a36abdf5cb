import type { Socket } from 'node:net';
import createDebug from 'debug';
import { encodeFrame, LeveretError, type Limit, readLimits } from '#framing';
import {
  type RunningServer,
  readFrames,
  type ServerOptions,
  startServer,
} from '#framing/net';
import { BatchedWriter } from './batched-writer.ts';
import { BroadcastChannel } from './broadcast-channel.ts';
import { encodeLagged, LAGGED_TYPE } from './lagged-frame.ts';
import { Lagged, type Receiver } from './receiver.ts';
import { LARGEST_CAPACITY } from './ring.ts';
import { TurnBudget } from './turn-budget.ts';

// step 3.10: the broadcast server

const debug = createDebug('leveret:broadcast');

// #region given
const BROADCAST_LIMITS = {
  capacity: { default: 1_024, min: 1, max: LARGEST_CAPACITY },
  limit: { default: 65_536, min: 1, max: 0xffff_ffff },
} as const satisfies Record<string, Limit>;

/** Options of {@link startBroadcastServer}. */
export interface BroadcastServerOptions
  extends Omit<ServerOptions, 'onConnection' | 'allowHalfOpen'> {
  /**
   * The largest frame size accepted, in bytes (type and body).
   * @defaultValue 65536
   */
  readonly limit?: number;
  /**
   * Frames kept for clients that are behind. All of them together hold at most
   * `capacity` times `limit` bytes: 64 MiB with the defaults.
   * @defaultValue 1024
   */
  readonly capacity?: number;
}

/** What the connections of one server share. */
interface Room {
  readonly channel: BroadcastChannel<Buffer>;
  readonly budget: TurnBudget;
  readonly limit: number;
}
// #endregion given

// #region server
/**
 * Starts a server that sends every frame to all clients, the sender among them, in one
 * order for all.
 *
 * Nobody waits for a slow client. When it is more than `capacity` frames behind, it
 * gets a frame of type {@link LAGGED_TYPE} that tells how many it missed, and goes on
 * with the oldest frame kept. A client must not send that type itself.
 *
 * Errors that a connection ends with, as `onError` gets them: those of `readFrames`,
 * and `RESERVED_TYPE`.
 *
 * Source: the seed zaichik, "redo echo server with broadcast style".
 *
 * @throws OptionError when `capacity` or `limit` is out of range
 * @throws LeveretError `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`
 */
export async function startBroadcastServer(
  options: BroadcastServerOptions = {},
): Promise<RunningServer> {
  const { capacity: places, limit: size, ...where } = options;
  const { capacity, limit } = readLimits(BROADCAST_LIMITS, {
    capacity: places,
    limit: size,
  });
  const room: Room = {
    channel: new BroadcastChannel<Buffer>(capacity),
    // Half the ring a turn: whoever keeps up with every second turn misses nothing.
    budget: new TurnBudget(Math.max(1, capacity >> 1)),
    limit,
  };
  return startServer({
    ...where,
    // A client that has said all it wants to say still gets the answers.
    allowHalfOpen: true,
    onConnection: (socket) => serveConnection(socket, room),
  });
}

/**
 * Both halves of one connection, side by side, until both have ended or one has failed.
 */
async function serveConnection(socket: Socket, room: Room): Promise<void> {
  const receiver = room.channel.subscribe();
  debug('a subscriber joined, there are %d', room.channel.receivers);
  try {
    await Promise.all([
      publishFrames(socket, room).then(() => receiver.finish()),
      writeReceived(receiver, socket),
    ]);
  } finally {
    receiver.close();
    debug('a subscriber left, there are %d', room.channel.receivers);
  }
}

/**
 * The reading half: every frame that arrives goes to the channel. It never waits for a
 * receiver.
 */
async function publishFrames(
  socket: Socket,
  { channel, budget, limit }: Room,
): Promise<void> {
  for await (const { type, body } of readFrames(socket, { limit })) {
    if (type === LAGGED_TYPE) {
      throw new LeveretError(
        'RESERVED_TYPE',
        'only the server sends frames of type 0x4c (lagged)',
      );
    }
    await budget.spend();
    // Laid out once, here. Every subscriber's socket writes these same bytes.
    const receivers = channel.publish(encodeFrame(type, body));
    debug('type %d, %d bytes, to %d subscribers', type, body.length, receivers);
  }
}

/**
 * The writing half, owned by its subscriber: writes what the receiver gets, at the pace
 * of this socket alone. Ends when the receiver ends.
 *
 * @throws LeveretError `DISCONNECTED` when the connection broke
 */
async function writeReceived(
  receiver: Receiver<Buffer>,
  socket: Socket,
): Promise<void> {
  const writer = new BatchedWriter(socket);
  for await (const received of receiver) {
    const frame =
      received instanceof Lagged
        ? encodeFrame(LAGGED_TYPE, encodeLagged(received.missed))
        : received;
    writer.send(frame);
    // While this waits, the receiver reads nothing and falls behind. Nobody else does.
    if (writer.full) await writer.drained();
  }
  writer.end();
}
// #endregion server
