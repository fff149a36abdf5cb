import type { Frame, FrameHandler } from '#framing';

/**
 * Bounds the work that one client can cause in one turn of the event loop.
 *
 * A single read can bring thousands of frames, and one frame can ask for much. Frames are handled at once, where
 * they lie, until the turn's budget is spent; the rest of the read is copied and waits. It can be no
 * more than was read: the owner stops reading until `empty` is called.
 */
export class TurnInbox {
  readonly #handle: FrameHandler;
  readonly #workPerTurn: number;
  readonly #onTurn: () => void;
  // Invariant: frames are handled in the order in which they came. While some wait, new ones wait behind them.
  #waiting: Frame[] = [];
  #spent = 0;
  #booked: NodeJS.Immediate | undefined;

  /**
   * @param handle - called for each frame; the bytes are lent
   * @param onTurn - called in a later turn, when the budget is whole again and frames wait: call `run` then
   */
  constructor(handle: FrameHandler, workPerTurn: number, onTurn: () => void) {
    this.#handle = handle;
    this.#workPerTurn = workPerTurn;
    this.#onTurn = onTurn;
  }

  /** True if no frame waits. */
  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Count work that a frame caused beyond itself. */
  spend(steps: number): void {
    this.#spent += steps;
  }

  /** A new read begins: its budget is whole, unless frames of the last one still wait. */
  begin(): void {
    if (this.empty) this.#spent = 0;
  }

  /** Handle a frame now, or keep a copy for a later turn. */
  readonly take: FrameHandler = (type, bytes, start, end) => {
    if (this.empty && this.#spent < this.#workPerTurn) {
      this.#spent += 1;
      this.#handle(type, bytes, start, end);
      return;
    }
    this.#waiting.push({ type, body: Buffer.from(bytes.subarray(start, end)) });
    this.#book();
  };

  /** Handle what waits, as far as a whole budget goes. Throws what the handler throws. */
  run(): void {
    this.#spent = 0;
    let done = 0;
    try {
      for (const { type, body } of this.#waiting) {
        if (this.#spent >= this.#workPerTurn) break;
        this.#spent += 1;
        done += 1;
        this.#handle(type, body, 0, body.length);
      }
    } finally {
      this.#waiting.splice(0, done);
    }
    if (!this.empty) this.#book();
  }

  /** Forget what waits. */
  clear(): void {
    this.#waiting = [];
    clearImmediate(this.#booked);
    this.#booked = undefined;
  }

  #book(): void {
    this.#booked ??= setImmediate(() => {
      this.#booked = undefined;
      this.#onTurn();
    });
  }
}
