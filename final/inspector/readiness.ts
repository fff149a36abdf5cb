import type { Broker } from '../broker/broker.ts';

/** Whether a broker should be sent work. */
export interface Readiness {
  readonly ready: boolean;
  /** Why it is not. */
  readonly reasons: readonly string[];
}

/** What `/readyz` answers: to anybody, so it tells no figures and no names. */
export function readiness(broker: Broker, isClosing: boolean): Readiness {
  const reasons: string[] = [];
  if (isClosing) reasons.push('shutting down');
  if (broker.core.memory.refusing) reasons.push('publishes are refused: too much is retained');
  return { ready: reasons.length === 0, reasons };
}
