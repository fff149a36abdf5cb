/** The lesson's own bytes are true: its PUBLISH is played to a broker, with a subscriber that listens. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { brokerCodec } from '#protocol';
import { startBroker } from '#protocol/broker';
import { RawClient } from './conversation-client.ts';
import { subscribe } from './conversation-requests.ts';
import { toHex } from './golden-vectors.ts';
import { closing } from './leftovers.ts';
import { TIMEOUT } from './patience.ts';

test('one PUBLISH on its way: what alice sends, and what alice and bob get', {
  timeout: TIMEOUT,
}, async () => {
  const lesson = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const bytes = (who: string) => {
    const [, hex] = new RegExp(`^${who} ([0-9a-f ]+)$`, 'm').exec(lesson) ?? [];
    assert.ok(hex !== undefined, `the lesson has no line "${who} ..."`);
    return hex.replaceAll(' ', '');
  };
  const broker = closing(await startBroker());
  const [alice, bob] = [closing(await RawClient.hello(broker)), closing(await RawClient.hello(broker))];
  bob.frames(subscribe(1, 'news'));
  await bob.expect({ type: 'OK' });
  alice.hex(bytes('>'));
  for (const [client, who] of [
    [alice, 'alice <'],
    [bob, 'bob   <'],
  ] as const)
    assert.equal(toHex(brokerCodec.encode(await client.next())), bytes(who), who);
});
