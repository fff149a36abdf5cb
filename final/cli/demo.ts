import type { Broker } from '../index.ts';

/** Ends what {@link startDemo} began. */
export interface Demo {
  stop(): Promise<void>;
}

/** Starts publishers and subscribers of different speeds. */
export async function startDemo(_broker: Broker, _token: string): Promise<Demo> {
  return { stop: async () => {} };
}
