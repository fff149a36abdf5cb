/** The golden vectors against a live broker. Part of the conversation suite. */
import { after, before } from 'node:test';
import { type Address, RawClient } from './conversation-client.ts';
import type { StartedBroker, Subject } from './conversation-suite.ts';
import { helloHex, type Vector, vectors } from './golden-vectors.ts';
import { register } from './with-broker.ts';

/** Register one test for each vector that a client may send, with one broker for all of them. */
export function vectorConversations(subject: Subject): void {
  let broker: StartedBroker | undefined;
  before(async () => {
    broker = await subject.start({});
  });
  after(() => broker?.close());
  for (const vector of vectors) {
    if (vector.from !== 'client') continue;
    if (vector.feature !== undefined && subject.features.has(vector.feature)) continue;
    if (vector.needs !== undefined && !subject.features.has(vector.needs)) continue;
    register('core', vector.name, subject, async () => {
      if (broker === undefined) throw new Error('there is no broker');
      await play(vector, broker);
    });
  }
}

async function play(vector: Vector, address: Address): Promise<void> {
  const client = await RawClient.open(address);
  try {
    if (vector.state !== 'new') {
      client.hex(helloHex);
      await client.expect({ type: 'WELCOME' });
    }
    for (const hex of vector.before ?? []) client.hex(hex);
    for (const reply of vector.beforeReplies ?? []) await client.expect(reply);
    client.hex(vector.hex);
    if (vector.replies === undefined && vector.error !== undefined) await client.expectError(vector.error, 0);
    for (const reply of vector.replies ?? []) await client.expect(reply);
    if (vector.fatal || vector.closes) await client.expectEnd();
    else await client.expectAlive();
  } finally {
    await client.close();
  }
}
