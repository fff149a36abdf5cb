/** Brokers and clients for the tests of final/, ended behind each test. */
import type { TestContext } from 'node:test';
import { type Address, RawClient } from '../../../chapters/04-full-protocol/test/conversation-client.ts';
import { type Broker, type BrokerOptions, createBroker } from '../../index.ts';

/** A broker on a free port that ends with the test. */
export async function brokerFor(t: TestContext, options: BrokerOptions = {}): Promise<Broker> {
  const broker = await createBroker({ port: 0, ...options });
  t.after(() => broker.close(0));
  return broker;
}

/** A client that has been welcomed; it is closed with the test. */
export async function clientFor(t: TestContext, address: Address, token = ''): Promise<RawClient> {
  const client = await RawClient.open(address);
  t.after(() => client.close());
  client.frames({ type: 'HELLO', version: 1, name: 'test', token });
  await client.expect({ type: 'WELCOME' });
  return client;
}
