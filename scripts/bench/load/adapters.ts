import type { Adapter } from './adapter.ts';
import { leveretAdapter } from './leveret.ts';
import { mqttAdapter } from './mqtt.ts';
import { natsAdapter } from './nats.ts';
import { redisAdapter } from './redis.ts';

/** How many messages go in one PUBLISH frame where the publisher batches. */
export const BATCH = 64;

/** Every protocol that the load generator speaks. */
export const adapters = {
  leveret: leveretAdapter(),
  'leveret-batched': leveretAdapter({ batch: BATCH }),
  'leveret-unchecked': leveretAdapter({ checkIds: false }),
  nats: natsAdapter,
  redis: redisAdapter,
  mqtt: mqttAdapter,
} satisfies Record<string, Adapter>;

/** The name of a protocol in {@link adapters}. */
export type AdapterName = keyof typeof adapters;
