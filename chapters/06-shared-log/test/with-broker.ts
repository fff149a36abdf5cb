/** The broker of this chapter over real sockets, and clients that are bytes. */
import assert from 'node:assert/strict';
import { readLimits } from '#framing';
import { createLogEngine, LOG_LIMITS, type LogLimits, type Topic } from '#log/broker';
import { serveEngine } from '#protocol/broker';
import type { TopicTable } from '#topics';
import { RawClient } from '../../04-full-protocol/test/conversation-client.ts';

/** A broker into whose topics a test can look. */
export interface Stand {
  readonly topics: TopicTable<Topic>;
  hello(): Promise<RawClient>;
}

/** Runs a test with a broker of its own, into whose topics it can look, and closes everything behind it. */
export async function withBroker(
  options: Partial<LogLimits>,
  run: (stand: Stand) => Promise<void>,
): Promise<void> {
  const limits = readLimits<keyof LogLimits>(LOG_LIMITS, options);
  const engine = createLogEngine(limits);
  const running = await serveEngine(engine, limits);
  const clients: RawClient[] = [];
  try {
    await run({
      topics: engine.topics,
      async hello() {
        const client = await RawClient.hello(running, { allowHalfOpen: true });
        clients.push(client);
        return client;
      },
    });
    assert.equal(running.faults(), 0, 'faults of the broker');
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await running.close();
  }
}
