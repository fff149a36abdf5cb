import { Deadline } from '#connections';
import { PeerError } from './errors.ts';

/** What a datagram counts for in a queue beside its bytes, so that a million empty ones are not free. */
export const DATAGRAM_COST = 128;

/**
 * One call of `send`, and the promise of whoever made it.
 *
 * `waiting`: not a byte has left, and it can be taken back. `written`: the operating system has been given it, in part
 * or whole. `settled` once; what comes later is ignored.
 */
export class PendingSend {
  readonly address: string;
  readonly promise: Promise<void>;
  /** What it counts for while it waits, in bytes. */
  readonly cost: number;
  readonly bytes: Uint8Array;
  stage: 'waiting' | 'written' | 'settled' = 'waiting';
  readonly #signal: AbortSignal | undefined;
  readonly #deadline = new Deadline();
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  constructor(address: string, bytes: Uint8Array, now: number, signal?: AbortSignal) {
    this.address = address;
    this.bytes = bytes;
    this.cost = bytes.length + DATAGRAM_COST;
    this.promise = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#deadline.start(now);
    this.#signal = signal;
    if (signal?.aborted) this.cancel(signal);
    else if (signal !== undefined) watch(signal, this);
  }

  /** Fails it if its time is over. */
  check(now: number, timeoutMs: number): void {
    const late = this.stage !== 'settled' && this.#deadline.passed(now, timeoutMs);
    if (late) this.#giveUp('TIMEOUT', 'the datagram was not sent in time');
  }

  /** Fails it because its signal was aborted. */
  cancel({ reason }: AbortSignal): void {
    this.#giveUp('CANCELLED', 'the send was cancelled', reason);
  }

  #giveUp(code: 'TIMEOUT' | 'CANCELLED', why: string, cause?: unknown): void {
    this.fail(new PeerError(code, this.address, why, cause, this.stage === 'written' ? 'maybe' : 'no'));
  }

  /** The operating system has taken the whole datagram. */
  fulfil(): void {
    this.#settle();
    this.#resolve();
  }

  /** It will not be sent, or nobody can tell whether it was. */
  fail(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.stage = 'settled';
    if (this.#signal !== undefined) unwatch(this.#signal, this);
  }
}

/**
 * What each signal cancels. A signal has one listener, however many sends it stands for: adding the thousandth to a signal
 * takes a thousand steps, and Node warns of the eleventh.
 *
 * Invariant: a signal is listened to exactly while its set is not empty.
 */
const sends = new WeakMap<AbortSignal, Set<PendingSend>>();

function watch(signal: AbortSignal, send: PendingSend): void {
  const set = sends.get(signal) ?? new Set();
  if (set.size === 0) signal.addEventListener('abort', aborted);
  sends.set(signal, set.add(send));
}

function unwatch(signal: AbortSignal, send: PendingSend): void {
  const set = sends.get(signal);
  set?.delete(send);
  if (set?.size === 0) signal.removeEventListener('abort', aborted);
}

function aborted({ target }: Event): void {
  const signal = target as AbortSignal;
  for (const send of sends.get(signal) ?? []) send.cancel(signal);
}
