import type { Way } from './adapter.ts';

/** A client library and the broker that it is measured with. */
export interface System {
  readonly name: string;
  /** Name of the broker in servers.ts. */
  readonly server: string;
  readonly library: LibraryName;
  /** How it hands out messages. */
  readonly ways: readonly Way[];
  /** What "confirmed" means with it. */
  readonly confirmedBy: string;
  /** False where requests are two topics agreed on by hand. */
  readonly hasRequests: boolean;
  /** Another checkout that broker and client come from. */
  readonly checkout?: string;
}

/** The libraries that there are adapters for. */
export type LibraryName = 'leveret' | 'nats' | 'mqtt' | 'redis';

const BOTH: readonly Way[] = ['callback', 'iteration'];

/** All systems, in the order in which they take turns. */
export const SYSTEMS: readonly System[] = [
  {
    name: 'leveret',
    server: 'final',
    library: 'leveret',
    ways: BOTH,
    confirmedBy: 'PUBLISHED',
    hasRequests: true,
  },
  {
    name: 'nats.js',
    server: 'nats-server',
    library: 'nats',
    ways: BOTH,
    confirmedBy: 'flush() behind each',
    hasRequests: true,
  },
  {
    name: 'ioredis',
    server: 'redis-server',
    library: 'redis',
    ways: ['callback'],
    confirmedBy: 'reply to PUBLISH',
    hasRequests: false,
  },
  {
    name: 'mqtt.js, mosquitto',
    server: 'mosquitto',
    library: 'mqtt',
    ways: ['callback'],
    confirmedBy: 'QoS 1',
    hasRequests: false,
  },
  {
    name: 'mqtt.js, aedes',
    server: 'aedes',
    library: 'mqtt',
    ways: ['callback'],
    confirmedBy: 'QoS 1',
    hasRequests: false,
  },
];
