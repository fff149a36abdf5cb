/** What `DEBUG=leveret:*` shows: every frame, decoded, and each change of a client's lag. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { format } from 'node:util';
import debug from 'debug';
import { startBroker } from '#protocol/broker';
import { connect } from '#protocol/client';

const before = { log: debug.log, enabled: debug.disable() };
after(() => {
  debug.log = before.log;
  debug.enable(before.enabled);
});

test('frames in both directions, lag, and no token', { timeout: 20_000 }, async () => {
  const lines: string[] = [];
  debug.log = (...args: unknown[]) => {
    lines.push(format(...args));
  };
  debug.enable('leveret:*');
  const broker = await startBroker({ token: 'very secret' });
  const client = await connect({ port: broker.port, name: 'alice', token: 'very secret' });
  const subscription = await client.subscribe('news', { window: 2 });
  await client.publish('news', 'hello', { key: 'k1' });
  (await subscription.next())?.commit();
  await client.lag();
  await client.close();
  await broker.close();
  const shown = lines.join('\n');
  for (const line of [
    '-> HELLO version 1 "alice" token ***',
    '"alice" (client 1) <- WELCOME version 1 connection 1',
    '"alice" (client 1) -> SUBSCRIBE #1 "news" from now window 2',
    '"alice" (client 1) <- OK #1',
    '"alice" (client 1) -> PUBLISH #2 "news" (1 message) "k1"="hello"',
    '"alice" (client 1) <- PUBLISHED #2 id 1',
    '"alice" (client 1) lag 0 -> 1',
    '"alice" (client 1) <- MESSAGES "news" id 1 (1 message) "k1"="hello"',
    '"alice" (client 1) -> COMMIT "news" up to 1',
    '"alice" (client 1) lag 1 -> 0',
    '"alice" (client 1) <- LAG #3 0 messages',
    '"alice" (client 1) -> CLOSE',
    '"alice" (client 1) <- CLOSING "goodbye"',
  ]) {
    assert.ok(shown.includes(line), `${line} is missing in\n${shown}`);
  }
  assert.doesNotMatch(shown, /secret/);
});
