import { ProtocolError } from '#protocol';

/** A client that may have sent a part of a frame. */
export interface FrameSender {
  /** Bytes of memory that its unfinished frame takes: all that it announces. 0 without one. Set by {@link UnfinishedFrames} alone. */
  unfinishedBytes: number;
  /** Ends the connection. */
  fail(thrown: unknown): void;
}

/**
 * The memory of frames that have come in part, for all connections together. Each may be as large as a frame may be, and
 * there may be very many. Beyond the bound the one that was begun first makes room: its sender has had the most time.
 */
export class UnfinishedFrames {
  readonly #max: number;
  // In the order in which their frames were begun.
  readonly #senders = new Set<FrameSender>();
  #bytes = 0;

  /** @param max - bytes for all together */
  constructor(max: number) {
    this.#max = max;
  }

  /** Bytes that all together take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The sender has begun a frame that will take so much, or has sent more of it. */
  hold(sender: FrameSender, bytes: number): void {
    if (sender.unfinishedBytes === bytes) return;
    this.#bytes += bytes - sender.unfinishedBytes;
    sender.unfinishedBytes = bytes;
    this.#senders.add(sender);
    for (const first of this.#senders) {
      if (this.#bytes <= this.#max) break;
      const message = `this broker holds ${this.#max} bytes of unfinished frames, its limit, and yours was begun first; send whole frames faster`;
      first.fail(new ProtocolError('FULL', message));
      // Failing has let go of it, unless it had failed before.
      this.letGo(first);
    }
  }

  /** The sender's frame is complete, or the sender is gone. */
  letGo(sender: FrameSender): void {
    this.#bytes -= sender.unfinishedBytes;
    sender.unfinishedBytes = 0;
    this.#senders.delete(sender);
  }
}
