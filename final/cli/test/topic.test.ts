// deadline: 90 s
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokerFor } from '../../broker/test/start.ts';
import { connect } from '../../client/index.ts';
import { runCli } from './run-cli.ts';

test('a topic is created, shown, purged and deleted', { timeout: 80_000 }, async (t) => {
  const { port } = await brokerFor(t);
  const url = `leveret://127.0.0.1:${port}`;
  const client = await connect(url);
  t.after(() => client.close({ deadline: 0 }));
  const topic = (...args: string[]) => runCli(t, ['topic', ...args], { env: { LEVERET_URL: url } });

  const created = await topic('create', 'orders', '--retention', '1h', '--dedupe', '10s');
  assert.equal(created.code, 0, created.stderr);
  assert.equal(created.stdout, 'orders has a retention of 1 h and a dedupe window of 10 s\n');
  const other = await topic('create', 'orders', '--retention', '2h');
  assert.equal(other.code, 1, 'other settings than before are refused');
  assert.match(other.stderr, /^leveret: .*orders/, 'and the topic is named');

  for (const text of ['a', 'b', 'c']) await client.publish('orders', text, { confirm: true });
  const info = await topic('info', 'orders');
  assert.match(info.stdout, /^messages +3 messages \(ids 1 to 3\)$/m, info.stderr);
  assert.match(info.stdout, /^retention +1 h$/m, 'its settings');
  const { logBytes, ...json } = JSON.parse((await topic('info', 'orders', '--json')).stdout);
  assert.ok(logBytes > 0, `${logBytes} bytes`);
  const expected = {
    topic: 'orders',
    retentionMs: 3_600_000,
    dedupeMs: 10_000,
    firstId: 1,
    lastId: 3,
    readers: 0,
  };
  assert.deepEqual(json, expected, 'the same as JSON');

  const purged = await topic('purge', 'orders', '--up-to', '2');
  assert.equal(purged.stdout, 'purged orders: it had 3 messages (ids 1 to 3), now 1 message (id 3)\n');
  const deleted = await topic('delete', 'orders');
  assert.equal(
    deleted.stdout,
    'deleted orders: it had 1 message (id 3), and a retention of 1 h and a dedupe window of 10 s\n',
  );

  const gone = await topic('info', 'orders');
  assert.deepEqual([gone.code, gone.stdout], [1, ''], 'a topic that is not there is a failure');
  assert.match(gone.stderr, /^leveret: .*"orders"/, 'and is named');
  const help = await topic('purge', '--help');
  assert.match(
    help.stdout,
    /Examples:\n +# .*\n +leveret topic purge invoices --up-to 41\n$/,
    'help has its own example',
  );

  const mistakes = [
    ['purge', 'orders', '--up-to', '0'],
    ['delete', 'a.*'],
    ['create', 'x', '--retention', '1'],
  ];
  await Promise.all(
    mistakes.map(async (args) => {
      assert.equal((await topic(...args)).code, 2, `${args.join(' ')} is a mistake in what was typed`);
    }),
  );
});
