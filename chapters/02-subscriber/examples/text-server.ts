import type { Socket } from 'node:net';
import { FrameWriter, type ListenOptions, type RunningServer, readFrames, startServer } from '#framing/net';
import { type ManualClock, monotonicClock } from '#topics';
import { TextDesk } from './text-commands.ts';

/** The type byte of every frame of this stage. Chapter 4 gives each kind of frame a type of its own. */
export const TEXT_FRAME = 1;

/** The clock of this process, which can also be moved forward, so that nobody has to wait for a message to age. */
function movableClock(): ManualClock {
  let moved = 0;
  const advance = (ms: number) => {
    moved += ms;
  };
  return Object.assign(() => monotonicClock() + moved, { advance });
}

/**
 * Starts a server for trying this chapter by hand: each frame holds one command as text, and is answered by
 * one frame of text. Every connection is one subscriber.
 *
 * @throws LeveretError as `startServer`
 */
export function startTextServer(options: ListenOptions): Promise<RunningServer> {
  const desk = new TextDesk(movableClock());
  return startServer({
    ...options,
    allowHalfOpen: true,
    onConnection: (socket) => converse(socket, desk),
  });
}

async function converse(socket: Socket, desk: TextDesk): Promise<void> {
  const subscriber = desk.join();
  const writer = new FrameWriter(socket);
  try {
    for await (const frame of readFrames(socket)) {
      await writer.send(TEXT_FRAME, Buffer.from(desk.run(subscriber, frame.body.toString())));
    }
    writer.end();
  } finally {
    desk.leave(subscriber);
  }
}
