import { PeerError } from './errors.ts';
import type { PendingSend } from './pending-send.ts';

/**
 * Which signal cancels which sends. Each signal gets one listener, however many sends it stands for, and none
 * once they are all settled: a signal may live far longer than a send.
 */
export class Cancellations {
  // Invariant: a signal is in the map exactly while some send that it may cancel is not settled.
  readonly #sends = new Map<AbortSignal, Set<PendingSend>>();

  /** Fails the send when the signal is aborted. */
  watch(signal: AbortSignal, send: PendingSend): void {
    const sends = this.#sends.get(signal) ?? this.#listen(signal);
    sends.add(send);
    send.onSettled(() => sends.delete(send) && sends.size === 0 && this.#forget(signal));
  }

  readonly #aborted = ({ target }: Event): void => {
    const signal = target as AbortSignal;
    for (const send of this.#sends.get(signal) ?? []) {
      send.fail(cancelled(send.address, signal, send.stage === 'written' ? 'maybe' : 'no'));
    }
  };

  #listen(signal: AbortSignal): Set<PendingSend> {
    const sends = new Set<PendingSend>();
    this.#sends.set(signal, sends);
    signal.addEventListener('abort', this.#aborted);
    return sends;
  }

  #forget(signal: AbortSignal): void {
    this.#sends.delete(signal);
    signal.removeEventListener('abort', this.#aborted);
  }
}

/** The error of a send that its caller has given up. */
export function cancelled(address: string, signal: AbortSignal, sent: 'no' | 'maybe'): PeerError {
  const message = `the send to ${address} was cancelled`;
  return new PeerError('CANCELLED', message, { address, cause: signal.reason, sent });
}
