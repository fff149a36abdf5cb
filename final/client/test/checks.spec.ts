/** What does not fit into a frame is refused before anything is sent. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeBroker } from './fake-broker.ts';

const checks = suite('checks before sending');

async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
    return 'none';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

checks('names, groups and texts that have no place in a frame', async () => {
  const broker = new FakeBroker();
  const client = await broker.connect({ reconnect: false });
  const before = broker.received.length;
  const cases: [string, () => unknown, string][] = [
    ['half of a surrogate pair', () => client.publish('a\ud800', ''), 'BAD_TOPIC'],
    ['the same, to subscribe', () => client.subscribe('a\ud800'), 'BAD_TOPIC'],
    ['a topic of 256 bytes', () => client.createTopic('ü'.repeat(128)), 'BAD_TOPIC'],
    ['a pattern of 256 bytes', () => client.subscribe(`${'ü'.repeat(127)}.>`), 'BAD_TOPIC'],
    ['a group of 256 bytes', () => client.subscribe('a', { group: 'ü'.repeat(128) }), 'BAD_OPTION'],
    ['a window of 65,536', () => client.subscribe('a', { window: 65_536 }), 'BAD_OPTION'],
    ['half a millisecond', () => client.createTopic('a', { retentionMs: 0.5 }), 'BAD_OPTION'],
    ['more than 49 days', () => client.createTopic('a', { dedupeMs: 2 ** 32 }), 'BAD_OPTION'],
    ['a key of 129 bytes', () => client.publish('a', '', { key: 'x'.repeat(129) }), 'BAD_KEY'],
    ['a name of 256 bytes', () => broker.connect({ name: 'x'.repeat(256) }), 'BAD_OPTION'],
    ['a token of 65,536 bytes', () => broker.connect({ token: 'x'.repeat(65_536) }), 'BAD_OPTION'],
    ['no time to connect', () => broker.connect({ connectTimeoutMs: 0 }), 'BAD_OPTION'],
    ['a longest wait below the first', () => broker.connect({ reconnect: { maxMs: 1 } }), 'BAD_OPTION'],
  ];
  for (const [what, action, code] of cases) assert.is(await codeOf(action), code, what);
  await client.flush();
  assert.equal(
    broker.received.slice(before).map(({ type }) => type),
    ['PING'],
    'nothing was sent',
  );
  await client.close({ deadline: 0 });
});

checks('only whole numbers that have come can be committed', async () => {
  const broker = new FakeBroker();
  const client = await broker.connect({ reconnect: false });
  const subscription = await client.subscribe('a', { group: 'g', window: 5, onMessage: () => {} });
  broker.send({
    type: 'MESSAGES',
    topic: 'a',
    firstId: 1,
    records: [{ key: '', payload: new Uint8Array(1) }],
  });
  for (const id of [-1, 0.5, Number.NaN, 2]) {
    assert.is(await codeOf(() => subscription.commit(id)), 'BAD_COMMIT', String(id));
  }
  subscription.commit(1);
  await client.flush();
  const commits = broker.received.filter(({ type }) => type === 'COMMIT');
  assert.equal(commits, [{ type: 'COMMIT', topic: 'a', id: 1 }], 'the one that has come');
  await client.close({ deadline: 0 });
});

checks.run();
