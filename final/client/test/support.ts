import type { TestContext } from 'node:test';
import { type Broker, type BrokerOptions, createBroker } from '../../index.ts';
import { type Client, type ConnectOptions, connect, type Message, type Subscription } from '../index.ts';

/** A broker on a free port, closed with the test. */
export async function startBroker(t: TestContext, options: BrokerOptions = {}): Promise<Broker> {
  const broker = await createBroker({ port: 0, ...options });
  t.after(() => broker.close(0));
  return broker;
}

/** A client, closed with the test. */
export async function join(t: TestContext, port: number, options: ConnectOptions = {}): Promise<Client> {
  const client = await connect(`leveret://127.0.0.1:${port}`, { reconnect: { initialMs: 5 }, ...options });
  t.after(() => client.close({ deadline: 0 }));
  return client;
}

/** Resolves when the condition holds. The test's timeout bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Takes so many messages from an iterator and leaves the subscription as it is. */
export async function take(subscription: Subscription, count: number): Promise<Message[]> {
  const iterator = subscription[Symbol.asyncIterator]();
  const messages: Message[] = [];
  while (messages.length < count) {
    const { value, done } = await iterator.next();
    if (done) break;
    messages.push(value);
  }
  return messages;
}

/** The texts of messages. */
export function texts(messages: readonly Message[]): string[] {
  return messages.map((message) => message.text());
}

/** A generator of numbers from 0 to 1 that is the same in every run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
