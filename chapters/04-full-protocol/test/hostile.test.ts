/** A few hundred random streams over TCP, while a bystander is served as if nothing happened. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startBroker } from '#protocol/broker';
import { RawClient, until } from './conversation-client.ts';
import { publish, subscribe } from './conversation-requests.ts';
import { fromHex, helloHex } from './golden-vectors.ts';
import { closing } from './leftovers.ts';
import { anyStream, cutAt } from './random-streams.ts';

test('300 random streams over TCP: the broker stands, a bystander is served', {
  timeout: 30_000,
}, async () => {
  const broker = closing(await startBroker({ closeTimeoutMs: 200 }));
  const bystander = closing(await RawClient.hello(broker));
  bystander.frames(subscribe(1, 'bystander'));
  await bystander.expect({ type: 'OK', request: 1 });
  const cases = fc.sample(
    fc.record({
      stream: anyStream('client'),
      cuts: fc.array(fc.nat(60), { maxLength: 5 }),
      hello: fc.boolean(),
      end: fc.constantFrom('end', 'reset', 'destroy'),
    }),
    { numRuns: 300, seed: 44 },
  );
  let served = 0;
  for (const { stream, cuts, hello, end } of cases) {
    const client = closing(await RawClient.open(broker));
    if (hello) client.bytes(fromHex(helloHex));
    for (const piece of cutAt(stream, cuts)) client.bytes(piece);
    if (end === 'end') {
      client.socket.end();
      await until(() => client.ended, 'the broker has ended the connection');
      await client.close();
    } else if (end === 'reset') await client.reset();
    else await client.close();
    served += 1;
    if (served % 10 !== 0) continue;
    bystander.frames(publish(2, 'bystander', `still here ${served}`));
    await bystander.expect({ type: 'PUBLISHED', firstId: served / 10, count: 1 });
    await bystander.expect({ type: 'MESSAGES', firstId: served / 10 });
  }
  await until(() => broker.connections === 1, 'only the bystander is left');
  assert.equal(broker.faults(), 0, 'no input is a fault of the broker');
  await bystander.close();
  await broker.close();
});
