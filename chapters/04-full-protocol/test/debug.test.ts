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

test('frames in both directions, by the connection', { timeout: 20_000 }, async (t) => {
  const lines: string[] = [];
  debug.log = (...args: unknown[]) => {
    lines.push(format(...args));
  };
  debug.enable('leveret:*');
  const broker = await startBroker();
  t.after(() => broker.close());
  const client = await connect({ port: broker.port, name: 'alice' });
  t.after(() => client.close());
  const subscription = await client.subscribe('news', { window: 2 });
  await client.publish('news', 'hello', { key: 'k1' });
  (await subscription.next())?.commit();
  await client.lag();
  await client.close();
  const shown = lines.join('\n');
  for (const line of [
    '-> HELLO version=1 name="alice"',
    'client 1 <- WELCOME version=1 connectionId=1',
    'client 1 -> SUBSCRIBE request=1 topic="news" start=1',
    'client 1 <- OK request=1',
    'client 1 -> PUBLISH request=2 topic="news"',
    'client 1 <- PUBLISHED request=2 firstId=1 count=1',
    'client 1 <- MESSAGES topic="news" firstId=1',
    'client 1 -> COMMIT topic="news" id=1',
    'client 1 <- LAG request=3 messages=0',
    'client 1 -> CLOSE',
    'client 1 <- CLOSING reason="goodbye"',
  ]) {
    assert.ok(shown.includes(line), `${line} is missing in\n${shown}`);
  }
});
