import { LeveretError } from '#framing';

/** The state of a client's connection. */
export type ClientStatus = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** What a client tells when its status changes. */
export interface StatusChange {
  readonly status: ClientStatus;
  /** Why: what ended the last connection, or what made the last attempt fail. */
  readonly error?: LeveretError;
  /** For `reconnecting`: the number of the attempt to come, from 1. */
  readonly attempt?: number;
  /** For `reconnecting`: milliseconds until that attempt. */
  readonly delay?: number;
  /** For `connected`: the address, without the token. */
  readonly url?: string;
  /** For `connected`: number of the broker's logs; ids of one epoch only can be compared. */
  readonly epoch?: number;
}

/** Messages that a subscription will never get. */
export interface Skipped {
  readonly topic: string;
  /**
   * `lost`: the broker no longer has the ids from `fromId` to `toId`. `epoch`: the broker began anew, and what it
   * had, with all ids, is gone; the subscription begins again with the earliest message. `unknown`: the connection was
   * lost before the subscription had got a message of this topic, so there was no id to go on after; messages published
   * meanwhile may be missing.
   */
  readonly reason: 'lost' | 'epoch' | 'unknown';
  /** First id; 0 if not known. */
  readonly fromId: number;
  /** Last id, included; 0 if not known. */
  readonly toId: number;
}

/** What a client tells by `client.on`. */
export interface ClientEvents {
  /** The status has changed. */
  readonly status: StatusChange;
  /**
   * Something went wrong that no promise tells: an unconfirmed publish or a commit was refused, or a callback threw. What a
   * callback threw is its `cause`. Without a listener an error of a callback is thrown where it ends the program. What was
   * refused is a warning then, once for each code: another client may have caused it, by filling the broker, say.
   */
  readonly error: LeveretError;
}

type Listener<T> = (event: T) => void;

/** Keeps listeners, and tells them. */
export class Emitter {
  readonly #listeners: { [K in keyof ClientEvents]: Set<Listener<ClientEvents[K]>> } = {
    status: new Set(),
    error: new Set(),
  };
  readonly #warn: (error: LeveretError) => void;
  readonly #warnedOf = new Set<string>();

  /** @param warn - tells the program's owner of an error that nobody listens for */
  constructor(warn: (error: LeveretError) => void) {
    this.#warn = warn;
  }

  /** Adds a listener. Returns a function that takes it away. */
  on<K extends keyof ClientEvents>(event: K, listener: Listener<ClientEvents[K]>): () => void {
    const listeners = this.#listeners[event];
    if (listeners === undefined) {
      throw new LeveretError('BAD_OPTION', `a client tells 'status' and 'error', not '${String(event)}'`);
    }
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Tells all listeners. One that throws does not keep the others from hearing. */
  emit<K extends keyof ClientEvents>(event: K, value: ClientEvents[K]): void {
    const listeners = this.#listeners[event];
    if (event === 'error' && listeners.size === 0) {
      throwLater(value);
      return;
    }
    for (const listener of [...listeners]) {
      try {
        listener(value);
      } catch (error) {
        throwLater(error);
      }
    }
  }

  /** Tells of what the broker has refused. No other client must be able to end this program by it. */
  refused(error: LeveretError): void {
    if (this.#listeners.error.size > 0) {
      this.emit('error', error);
    } else if (!this.#warnedOf.has(error.code)) {
      this.#warnedOf.add(error.code);
      this.#warn(error);
    }
  }
}

/** Ends the program, or shows in the browser's console, as any error that nobody catches. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
