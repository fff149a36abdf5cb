import type { Client } from '../client/index.ts';
import { connect } from '../client/index.ts';
import type { Broker } from '../index.ts';

/** Ends what {@link startDemo} began. */
export interface Demo {
  stop(): Promise<void>;
}

/** How long the demo's topics keep their messages. */
const RETENTION_MS = 60_000;

/**
 * Starts publishers and subscribers of different speeds, as clients like any others, so that a look at the broker shows
 * something: a fast topic and one that comes in bursts, a reader that keeps up, one that lags, a group that shares work.
 */
export async function startDemo(broker: Broker, token: string): Promise<Demo> {
  const address = broker.addresses[0];
  const host =
    address === undefined || address.host === '0.0.0.0' || address.host === '::' ? '127.0.0.1' : address.host;
  const url = `leveret://${host.includes(':') ? `[${host}]` : host}:${broker.port}`;
  const clients: Client[] = [];
  const timers: NodeJS.Timeout[] = [];
  const join = async (name: string): Promise<Client> => {
    const client = await connect(url, { name, token });
    // A demo has nobody to tell that one of its messages was refused.
    client.on('error', () => {});
    clients.push(client);
    return client;
  };
  const every = (ms: number, work: () => void): void => {
    timers.push(setInterval(work, ms));
  };

  const weather = await join('weather station');
  const shop = await join('shop');
  for (const topic of ['weather.coast', 'weather.hills', 'shop.orders']) {
    await (topic.startsWith('shop') ? shop : weather).createTopic(topic, { retentionMs: RETENTION_MS });
  }

  const dashboard = await join('dashboard');
  await dashboard.subscribe('weather.*', { onMessage: () => {} });
  await readSlowly(await join('slow archive'), 'weather.coast', timers);
  for (const name of ['packer 1', 'packer 2']) {
    await work(await join(name));
  }

  let tick = 0;
  every(50, () => {
    tick++;
    const value = (base: number): string =>
      JSON.stringify({ celsius: Number((base + 5 * Math.sin(tick / 40)).toFixed(1)), wind: tick % 17 });
    weather.publish('weather.coast', value(14));
    if (tick % 4 === 0) weather.publish('weather.hills', value(9));
  });
  let order = 0;
  every(2_000, () => {
    const burst = 3 + (order % 5);
    for (let index = 0; index < burst; index++) {
      const number = ++order;
      shop.publish('shop.orders', JSON.stringify({ order: number, items: 1 + (number % 4) }), {
        key: `order-${number}`,
      });
    }
  });
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(clients.map((client) => client.close({ deadline: 500 })));
    },
  };
}

/** Takes what has come every few seconds: its cursor falls behind, and catches up. */
async function readSlowly(client: Client, topic: string, timers: NodeJS.Timeout[]): Promise<void> {
  let last: number | undefined;
  const subscription = await client.subscribe(topic, {
    from: 'earliest',
    window: 40,
    onMessage: (message) => {
      last = message.id;
    },
  });
  timers.push(
    setInterval(() => {
      if (last !== undefined) subscription.commit(last);
      last = undefined;
    }, 2_500),
  );
}

/** A member of a group that takes its time for each order. */
async function work(client: Client): Promise<void> {
  const subscription = await client.subscribe('shop.orders', { group: 'packers', window: 1 });
  const pack = async (): Promise<void> => {
    for await (const message of subscription) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      subscription.commit(message);
    }
  };
  pack().catch(() => {});
}
