import type { CloseReason } from './close-reason.ts';

/** A connection has been opened. */
export interface Opened {
  readonly id: string;
  readonly remoteAddress: string | undefined;
}

/** A piece has arrived: a chunk, what stood before a delimiter, or a frame's body. The bytes are yours. */
export interface Received {
  readonly id: string;
  readonly bytes: Buffer;
  /** The frame's type; undefined where there are no frames. */
  readonly type: number | undefined;
}

/** A connection has closed. Pieces that it sent before may still wait in `received()`. */
export interface Closed {
  readonly id: string;
  readonly reason: CloseReason;
  readonly error: Error | undefined;
}
