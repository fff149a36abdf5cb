/** `leveret pub` while its broker goes away and comes back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBroker, welcome } from '../../client/test/fake-broker.ts';
import { join, until } from '../../client/test/support.ts';
import { type Outgoing, Publication, type PublicationOptions } from '../publication.ts';
import { serve, startCli } from './run-cli.ts';

// deadline: 60 s
const timeout = 60_000;

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `${from + i}\n`).join('');

test('pub goes on after a restart: what was confirmed is not sent again, the rest is', {
  timeout,
}, async (t) => {
  const first = await serve(t);
  const reader = await join(t, first.port);
  const before: number[] = [];
  await reader.subscribe('numbers', { onMessage: (message) => before.push(Number(message.text())) });
  const pub = startCli(t, ['pub', 'numbers', '--retention', '1h', '--server', first.url], { open: true });
  pub.child.stdin.write(lines(1, 1_000));
  await until(() => before.length === 1_000);
  // The confirmation was on its way before this answer.
  await reader.flush();
  first.kill('SIGKILL');
  await first.ended;
  pub.child.stdin.write(lines(1_001, 1_500));
  await pub.printed(/trying to come back/);
  await reader.close({ deadline: 0 });
  const second = await serve(t, ['--port', String(first.port)]);
  pub.child.stdin.end(lines(1_501, 2_000));
  const { code, stderr } = await pub.ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /2,000 messages published/, 'all of them');
  const late = await join(t, second.port);
  const after: number[] = [];
  await late.subscribe('numbers', {
    from: 'earliest',
    onMessage: (message) => after.push(Number(message.text())),
  });
  await late.flush();
  const missing = Array.from({ length: 1_000 }, (_, i) => 1_001 + i).filter((n) => !after.includes(n));
  assert.deepEqual(missing, [], 'nothing that was not confirmed is missing');
  const twice = after.length - new Set(after).size;
  const told = Number(/: ([\d,]+) messages? may be there twice/.exec(stderr)?.[1]?.replace(',', '') ?? 0);
  assert.ok(twice <= told, `${twice} are there twice, but pub has told of ${told}`);
  assert.ok(!after.includes(1), 'what was confirmed is not sent again');
});

test('pub in a flood over a restart: every message is at one of the two brokers, and doubles are told', {
  timeout,
}, async (t) => {
  const first = await serve(t, ['--max-lag-bytes', '512MiB']);
  const reader = await join(t, first.port, { reconnect: false });
  const total = 400_000;
  const seen = new Set<number>();
  await reader.subscribe('numbers', { onMessage: (message) => seen.add(Number(message.text())) });
  const args = ['pub', 'numbers', '--retention', '1h', '--server', first.url];
  const pub = startCli(t, args, { input: lines(1, total) });
  await until(() => seen.size > 20_000);
  first.kill('SIGKILL');
  await Promise.all([first.ended, reader.closed]);
  const second = await serve(t, ['--port', String(first.port)]);
  const { code, stderr } = await pub.ended;
  assert.equal(code, 0, stderr);
  const late = await join(t, second.port);
  const after: number[] = [];
  await late.subscribe('numbers', {
    from: 'earliest',
    onMessage: (message) => after.push(Number(message.text())),
  });
  await late.flush();
  const twice = after.length - new Set(after).size;
  const told = Number(/: ([\d,]+) messages? may be there twice/.exec(stderr)?.[1]?.replaceAll(',', '') ?? 0);
  assert.ok(twice <= told, `${twice} are twice at the new broker, but pub has told of ${told}`);
  assert.ok(after.length > 0, 'the flood went on after the restart');
  // What the first one had confirmed and not yet delivered went with it, so of the union only doubles can be judged.
  for (const n of after) seen.add(n);
  assert.ok(told < total / 2, `${told} of ${total} were sent again: more than what was not confirmed`);
  assert.match(stderr, /400,000 messages published/, 'each is confirmed by one of them');
});

const outgoing = (count: number, key = ''): Outgoing[] =>
  Array.from({ length: count }, (_, i) => ({ payload: Buffer.from(String(i + 1)), key }));

const options = (more: Partial<PublicationOptions> = {}): PublicationOptions => ({
  oneByOne: true,
  dedupes: false,
  signal: new AbortController().signal,
  say: () => {},
  ...more,
});

test('a broker that does not come back: pub says how many are confirmed, and where it stopped', {
  timeout,
}, async () => {
  let published = 0;
  const broker = new FakeBroker((frame, fake) => {
    if (frame.type === 'HELLO' && fake.connections > 1) return fake.end();
    if (frame.type !== 'PUBLISH') return welcome(frame, fake);
    if (++published > 1) return fake.end();
    // The first message of three, each with a frame of its own.
    fake.send({ type: 'PUBLISHED', request: frame.request, firstId: 1, count: 1 });
  });
  const client = await broker.connect({ reconnect: { initialMs: 1, maxMs: 1, maxAttempts: 2 } });
  const publication = new Publication(client, 'news', options());
  await publication.publish(outgoing(3, 'same'));
  const error = await publication.finish().catch((thrown: unknown) => thrown as { code: string });
  assert.equal(error?.code, 'DISCONNECTED', 'it fails');
  assert.equal(
    publication.report,
    '1 of 3 messages confirmed; the first that is not is message 2',
    'where it stopped',
  );
});

test('what two connections have shared is confirmed by neither: all of it but the confirmed is sent again', {
  timeout,
}, async (t) => {
  const sent: string[][] = [];
  const broker = new FakeBroker((frame, fake) => {
    if (frame.type !== 'PUBLISH') return welcome(frame, fake);
    sent.push(frame.records.map(({ payload }) => Buffer.from(payload).toString()));
    if (sent.length === 1) return fake.end();
    const { request } = frame;
    if (request > 0) fake.send({ type: 'PUBLISHED', request, firstId: 1, count: frame.records.length });
  });
  const client = await broker.connect({ reconnect: { initialMs: 1 } });
  t.after(() => client.close({ deadline: 0 }));
  const said: string[] = [];
  const publication = new Publication(
    client,
    'news',
    options({ oneByOne: false, say: (line) => said.push(line) }),
  );
  await publication.publish(outgoing(3));
  await publication.finish();
  assert.deepEqual(
    sent,
    [
      ['1', '2', '3'],
      ['1', '2', '3'],
    ],
    'the whole group once more',
  );
  assert.deepEqual([publication.confirmed, publication.perhapsTwice], [3, 3], 'told as perhaps there twice');
  assert.match(said.join('\n'), /trying to come back\nconnected again/, 'and it is said what happens');
});
