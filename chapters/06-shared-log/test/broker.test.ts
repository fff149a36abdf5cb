/** The broker over real sockets: many topics. */
import { test } from 'node:test';
import { until } from '../../04-full-protocol/test/conversation-client.ts';
import { publish } from '../../04-full-protocol/test/conversation-requests.ts';
import { withBroker } from './with-broker.ts';

/** Milliseconds after which a test has failed. */
const TIMEOUT = 30_000;

test('100,000 topics: the next one is refused, and none of them holds memory', {
  timeout: TIMEOUT,
}, async () => {
  await withBroker({}, async ({ hello, topics }) => {
    const client = await hello();
    for (let i = 0; i < 100; i++) {
      client.frames(...Array.from({ length: 1_000 }, (_, j) => publish(0, `topic.${i}.${j}`, 'x')));
      await client.expectAlive();
    }
    client.frames(publish(1, 'one.more', 'x'), publish(2, 'topic.7.7', 'y'));
    await client.expectError('LIMIT', 1);
    await client.expect({ type: 'PUBLISHED', request: 2, firstId: 2 });
    await until(() => topics.use('topic.7.7').log.tail.bytes.length === 0, 'the log has let go');
  });
});
