import type { CloseReason } from './connection-state.ts';
import { hasPassed } from './deadline.ts';
import type { Timeouts } from './options.ts';

/** What a sweep can see of a connection. */
export interface Sight {
  readonly bytesIn: number;
  /** Bytes written so far that the operating system has taken. */
  readonly bytesSent: number;
  /** Whether all that was written has left. */
  readonly drained: boolean;
  /** Whether we do not read it. */
  readonly paused: boolean;
}

/**
 * Since when a connection stands still, as the sweeps saw it. Bytes are only counted when they move; nobody reads a
 * clock for them. It has no timer and no socket, so a test brings its own time.
 */
export class Activity {
  /** When the peer was last heard. */
  heardAt: number;
  // When anything last moved, in either direction; and when the peer last took something that waits for it. Plain numbers:
  // a table holds one of these for each of its connections.
  #movedAt: number;
  #takenAt: number;
  #seenIn = 0;
  #seenSent = 0;

  constructor(now: number) {
    this.heardAt = this.#movedAt = this.#takenAt = now;
  }

  /** Notes what has changed since the sweep before. @returns the reason to close it, if it has stood still too long */
  // #region look
  look(now: number, seen: Sight, timeouts: Timeouts): CloseReason | undefined {
    // step 5.4: find what has stood still for too long
    const { bytesIn, bytesSent, drained, paused } = seen;
    // While we do not read it, a peer cannot be heard: its silence is ours.
    const heard = bytesIn !== this.#seenIn || paused;
    // More to send is no progress; what has left is.
    const taken = bytesSent !== this.#seenSent;
    if (heard) this.heardAt = now;
    if (heard || taken) this.#movedAt = now;
    if (taken || drained) this.#takenAt = now;
    this.#seenIn = bytesIn;
    this.#seenSent = bytesSent;
    if (hasPassed(this.#takenAt, now, timeouts.writeTimeoutMs)) return 'write-timeout';
    return hasPassed(this.#movedAt, now, timeouts.idleTimeoutMs) ? 'idle' : undefined;
  }
  // #endregion look
}
