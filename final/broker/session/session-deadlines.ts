import { Deadline } from '#connections';

/** The times that a client has, in milliseconds. */
export interface SessionTimeouts {
  readonly helloTimeoutMs: number;
  readonly frameTimeoutMs: number;
  readonly idleMs: number;
}

/** What is overdue: HELLO, the rest of a frame, a sign of life; or a PING, which the caller sends. */
export type Overdue = 'hello' | 'frame' | 'silence' | 'ping';

/** How many PINGs may go unanswered. */
const MAX_PINGS = 2;

/** The deadlines of one client. It has no timer; a sweep asks. */
export class SessionDeadlines {
  readonly #hello = new Deadline();
  readonly #frame = new Deadline();
  readonly #silence = new Deadline();
  #greeting = true;
  #heard = true;
  #pings = 0;

  constructor(now: number) {
    this.#hello.start(now);
  }

  /** HELLO has come. */
  welcomed(): void {
    this.#greeting = false;
    this.#hello.stop();
  }

  /** Bytes have come. No clock is read for them: their time is that of the next sweep. */
  heard(): void {
    this.#heard = true;
  }

  /** A frame is complete. */
  frameEnded(): void {
    this.#frame.stop();
  }

  /** What came ends inside a frame. A frame that is dripped in byte by byte has its time from its first byte. */
  frameBegun(now: number): void {
    this.#frame.start(now);
  }

  /** The client was not read from, and now is again: what it sends next may have been on its way for long. */
  resumed(now: number, midFrame: boolean): void {
    this.#heard = true;
    if (midFrame) this.#frame.restart(now);
  }

  /**
   * What is overdue, if anything.
   *
   * @param reading - false while the client is not read from: then its silence is ours, and only HELLO can be overdue
   */
  check(now: number, reading: boolean, timeouts: SessionTimeouts): Overdue | undefined {
    if (this.#hello.passed(now, timeouts.helloTimeoutMs)) return 'hello';
    if (this.#heard || !reading) {
      this.#heard = false;
      this.#pings = 0;
      this.#silence.restart(now);
    }
    if (!reading) return undefined;
    if (this.#frame.passed(now, timeouts.frameTimeoutMs)) return 'frame';
    if (this.#greeting || !this.#silence.passed(now, timeouts.idleMs)) return undefined;
    this.#silence.restart(now);
    if (this.#pings === MAX_PINGS) return 'silence';
    this.#pings++;
    return 'ping';
  }
}

/** What a client is told of a deadline that has passed. */
export function describeOverdue(overdue: Exclude<Overdue, 'ping'>, timeouts: SessionTimeouts): string {
  switch (overdue) {
    case 'hello':
      return `no HELLO within ${timeouts.helloTimeoutMs} ms`;
    case 'frame':
      return `a frame took more than ${timeouts.frameTimeoutMs} ms to arrive`;
    case 'silence':
      return `${MAX_PINGS} PINGs in ${MAX_PINGS * timeouts.idleMs} ms were not answered`;
  }
}
