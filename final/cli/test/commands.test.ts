// deadline: 240 s
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { brokerFor } from '../../broker/test/start.ts';
import { connect } from '../../client/index.ts';
import { CLI, folderFor, runCli, start, startCli } from './run-cli.ts';

const timeout = 60_000;

/** A broker in this process, a client of it, and the environment by which commands find it. */
async function broker(t: TestContext) {
  const { port } = await brokerFor(t);
  const url = `leveret://127.0.0.1:${port}`;
  const client = await connect(url);
  t.after(() => client.close({ deadline: 0 }));
  return { url, client, env: { LEVERET_URL: url } };
}

test('pub takes arguments, lines, files and whole inputs; sub prints them', { timeout }, async (t) => {
  const { env, client } = await broker(t);
  await client.createTopic('in', { retentionMs: 60_000 });
  const folder = folderFor(t);
  writeFileSync(join(folder, 'lines'), 'from file\r\nlast without end');
  const runs: [string[], string | Buffer | undefined][] = [
    [['one', 'two words'], undefined],
    [[], 'line 1\nline 2\n\nümlaut'],
    [['before', '-', 'after'], 'between\n'],
    [['--file', join(folder, 'lines')], undefined],
    [['--whole'], 'a\nb\n'],
    [['--key', 'k'], 'keyed\n'],
    [['--split-key', '='], 'x=1=2\n'],
  ];
  for (const [args, input] of runs) {
    const { code, stderr, stdout } = await runCli(t, ['pub', 'in', ...args], {
      env,
      ...(input === undefined ? {} : { input }),
    });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^\d messages? published \(\d+ B in [\d.]+ (ms|s)\)\n$/);
    assert.equal(stdout, '');
  }
  const sub = await runCli(t, ['sub', 'in', '--from', 'earliest', '--count', '14', '--json', '--quiet'], {
    env,
  });
  assert.equal(sub.code, 0, sub.stderr);
  assert.equal(sub.stderr, '');
  const lines = sub.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { payload: string; key?: string; id: number });
  assert.deepEqual(
    lines.map(({ payload }) => payload),
    [
      'one',
      'two words',
      'line 1',
      'line 2',
      '',
      'ümlaut',
      'before',
      'between',
      'after',
      'from file',
      'last without end',
      'a\nb\n',
      'keyed',
      '1=2',
    ],
  );
  assert.deepEqual(
    lines.map(({ id }) => id),
    lines.map((_, index) => index + 1),
  );
  assert.deepEqual(
    lines.slice(-2).map(({ key }) => key),
    ['k', 'x'],
  );
});

test('the formats of sub: readable, JSON, raw', { timeout }, async (t) => {
  const { env, client } = await broker(t);
  await client.createTopic('a.b', { retentionMs: 60_000 });
  await client.publish('a.b', 'text \x1b[2J', { key: 'k', confirm: true });
  await client.publish('a.b', Buffer.from([0xff, 0, 10]), { confirm: true });
  const sub = async (...args: string[]) =>
    (await runCli(t, ['sub', 'a.*', '--from', 'earliest', '-n', '2', ...args], { env })).stdout;
  assert.equal(await sub(), 'a.b 1 [k] text \\x1b[2J\na.b 2 (3 bytes) ff000a\n');
  assert.equal(
    await sub('--json'),
    '{"topic":"a.b","id":1,"key":"k","payload":"text \\u001b[2J"}\n{"topic":"a.b","id":2,"payloadBase64":"/wAK"}\n',
  );
  assert.equal(await sub('--raw'), 'text \x1b[2J\n\ufffd\0\n\n');
});

test('sub goes on after an id, and says what it will never get', { timeout }, async (t) => {
  const { port } = await brokerFor(t, { maxRetainedBytes: 4096 });
  const client = await connect(`leveret://127.0.0.1:${port}`);
  t.after(() => client.close({ deadline: 0 }));
  const env = { LEVERET_URL: `leveret://127.0.0.1:${port}` };
  await client.createTopic('n', { retentionMs: 60_000 });
  for (let index = 1; index <= 300; index++)
    await client.publish('n', `${index}`.padEnd(100), { confirm: true });
  const last = await runCli(t, ['sub', 'n', '--from', '298', '-n', '2', '--json'], { env });
  assert.match(last.stdout, /^\{"topic":"n","id":299,.*\n\{"topic":"n","id":300,.*\n$/);
  const lost = await runCli(t, ['sub', 'n', '--from', '1', '-n', '1', '--json'], { env });
  assert.match(lost.stderr, /^leveret: n: skipped messages 2 to \d+, which the broker no longer has$/m);
  const beyond = await runCli(t, ['sub', 'n', '--from', '301'], { env });
  assert.equal(beyond.code, 1);
  assert.match(beyond.stderr, /^leveret: .+\n$/);
});

test('sub --timeout: a failure only where a count was missed', { timeout }, async (t) => {
  const { env } = await broker(t);
  const plain = await runCli(t, ['sub', 'empty', '--timeout', '100ms'], { env });
  assert.equal(plain.code, 0, plain.stderr);
  const missed = await runCli(t, ['sub', 'empty', '--timeout', '100ms', '--count', '1', '-q'], { env });
  assert.equal(missed.code, 1);
  assert.equal(missed.stderr, 'leveret: 0 of 1 messages came within 100 ms\n');
});

test('Ctrl-C: a normal end of sub; with a count, an interruption', { timeout }, async (t) => {
  const { env } = await broker(t);
  for (const [args, expected] of [
    [[], 0],
    [['-n', '1'], 130],
  ] as const) {
    const sub = startCli(t, ['sub', 'x', ...args], { env });
    await sub.printed(/subscribed to x/);
    sub.kill('SIGINT');
    assert.equal((await sub.ended).code, expected);
  }
});

test('the members of a group share; each message is printed by one', { timeout }, async (t) => {
  const { env, client } = await broker(t);
  const members = [0, 1].map(() =>
    startCli(t, ['sub', 'jobs', '--group', 'g', '--window', '1', '--raw'], { env }),
  );
  for (const member of members) await member.printed(/subscribed to jobs/);
  for (let index = 0; index < 50; index++) client.publish('jobs', `job ${index}`);
  const seen: string[] = [];
  while (seen.length < 50) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.length = 0;
    for (const member of members) seen.push(...(member.stdout().match(/job \d+/g) ?? []));
  }
  assert.equal(new Set(seen).size, 50);
});

test('a reader that goes away ends sub quietly', { timeout }, async (t) => {
  const { env, client } = await broker(t);
  await client.createTopic('n', { retentionMs: 60_000 });
  for (let index = 0; index < 20_000; index++) client.publish('n', `message ${index}`);
  await client.flush();
  const command = [process.execPath, ...CLI].map((word) => `'${word}'`).join(' ');
  const script = `${command} sub n --from earliest --quiet; echo "sub ended with $?" >&2`;
  const { code, stdout, stderr } = await start(t, 'sh', ['-c', `(${script}) | head -1`], { env }).ended;
  assert.equal(code, 0);
  assert.equal(stdout, 'n 1 message 0\n');
  assert.equal(stderr, 'sub ended with 0\n');
});

test('pub --confirm counts duplicates; other settings of a topic are refused', { timeout }, async (t) => {
  const { env } = await broker(t);
  const args = ['pub', 'orders', '--split-key', '=', '--dedupe', '1min', '--confirm'];
  const { stderr } = await runCli(t, args, { env, input: 'a=1\na=1\nb=2\n' });
  assert.match(stderr, /^3 messages confirmed .*; 1 duplicate dropped\n$/);
  const again = await runCli(t, ['pub', 'orders', 'x', '--retention', '1h'], { env });
  assert.equal(again.code, 1);
  assert.match(again.stderr, /^leveret: [^\n]+\n$/);
});

test('mistakes of pub are one line', { timeout }, async (t) => {
  const { env } = await broker(t);
  const cases: [string[], number, RegExp][] = [
    [['pub', 'a', 'x', '--split-key', '='], 1, /message 1 has no "="/],
    [['pub', 'a', 'x', '--file', 'package.json'], 2, /not from both/],
    [['pub', 'a', '--file', 'nowhere'], 2, /--file: cannot read nowhere/],
    [['publish'], 2, /unknown command 'publish'/],
  ];
  for (const [args, expected, message] of cases) {
    const { code, stdout, stderr } = await runCli(t, args, { env });
    assert.match(stderr, message, args.join(' '));
    assert.match(stderr, /^leveret: [^\n]+\n$/, args.join(' '));
    assert.equal(code, expected, args.join(' '));
    assert.equal(stdout, '');
  }
});

test('a publish that is refused fails, also unconfirmed', { timeout }, async (t) => {
  const { port } = await brokerFor(t, {
    auth: { tokens: [], anonymous: { publish: ['free'], subscribe: [] } },
  });
  const env = { LEVERET_URL: `leveret://127.0.0.1:${port}` };
  assert.equal((await runCli(t, ['pub', 'free', 'x'], { env })).code, 0);
  for (const more of [[], ['--confirm']]) {
    const { code, stderr } = await runCli(t, ['pub', 'secret', 'x', ...more], { env });
    assert.equal(code, 1);
    assert.match(stderr, /--token or LEVERET_TOKEN\n$/);
  }
});

test('request and respond: a program, a text, a failure, nobody', { timeout }, async (t) => {
  const { env, client } = await broker(t);
  const shout = startCli(t, ['respond', 'shout', '--group', 'g', '--', 'tr', 'a-z', 'A-Z'], { env });
  const pong = startCli(t, ['respond', 'ping', '--reply', 'pong'], { env });
  const broken = startCli(t, ['respond', 'broken', '--', 'sh', '-c', 'exit 3'], { env });
  for (const responder of [shout, pong, broken]) await responder.printed(/responding to/);
  // What a request says is data, whatever it looks like.
  assert.equal((await runCli(t, ['request', 'shout', '$(id); hello'], { env })).stdout, '$(ID); HELLO\n');
  assert.equal(
    (await runCli(t, ['request', 'shout', '-'], { env, input: 'two\nlines' })).stdout,
    'TWO\nLINES\n',
  );
  assert.match(
    (await runCli(t, ['request', 'ping', '--json'], { env })).stdout,
    /^\{"topic":"_inbox\..*"payload":"pong"\}\n$/,
  );
  const failed = await runCli(t, ['request', 'broken'], { env });
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /^leveret: .*sh ended with 3\n$/);
  // Keys that would make a responder publish elsewhere, or end it.
  for (const key of ['?$x#1', '?jobs#1', '?_inbox.*#1']) client.publish('shout', 'forged', { key });
  await client.flush();
  assert.equal((await runCli(t, ['request', 'shout', 'still'], { env })).stdout, 'STILL\n');
  const nobody = await runCli(t, ['request', 'nobody', '--timeout', '100ms'], { env });
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /^leveret: no reply from nobody within 100 ms/);
  shout.kill('SIGINT');
  const { code, stderr } = await shout.ended;
  assert.equal(code, 0, `it ended in good order: ${stderr}`);
  assert.match(stderr, /^leveret: 3 requests dropped: .* inbox/m, 'what was dropped is counted at the end');
});

test('topics and top tell what the broker holds', { timeout }, async (t) => {
  const { env, client } = await broker(t);
  assert.match((await runCli(t, ['topics'], { env })).stderr, /There are no topics/);
  await client.createTopic('evil\x1b[2J', { retentionMs: 3_600_000, dedupeMs: 1_500 });
  await client.publish('evil\x1b[2J', 'x', { confirm: true });
  await client.subscribe('jobs', { group: 'workers' });
  const { stdout } = await runCli(t, ['topics'], { env });
  const [head, ...rows] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  assert.deepEqual(head, ['TOPIC', 'MESSAGES', 'READERS', 'LAG', 'KEPT', 'RETENTION', 'DEDUPE', 'GROUPS']);
  assert.deepEqual(
    rows.map(([name]) => name),
    ['evil\\x1b[2J', 'jobs'],
  );
  assert.deepEqual(
    rows.map((row) => row[1]),
    ['1', '0'],
  );
  assert.equal(rows[0]?.[5], '1 h');
  assert.equal(rows[1]?.at(-1), 'workers');
  const json = (await runCli(t, ['topics', '--json'], { env })).stdout.trim().split('\n');
  assert.deepEqual(
    json.map((line) => (JSON.parse(line) as { name: string }).name),
    ['evil\x1b[2J', 'jobs'],
  );
  const top = await runCli(t, ['top'], { env });
  assert.equal(top.code, 0);
  assert.match(top.stdout, /^leveret {3}up .* {3}connections 2 {3}topics/);
  assert.match(top.stdout, /^jobs /m);
});

test('bench measures, with and without subscribers, windows and rates', { timeout }, async (t) => {
  const { env, client } = await broker(t);
  const runs: [string[], number][] = [
    [['--subscribers', '2', '--publishers', '2', '--window', '100'], 2],
    [['--subscribers', '0'], 0],
    [['--rate', '20000'], 1],
  ];
  for (const [args, subscribers] of runs) {
    const { code, stdout, stderr } = await runCli(t, ['bench', '-m', '3001', '--json', ...args], { env });
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout);
    assert.equal(result.messages, 3001);
    assert.equal(result.subscribers, subscribers);
    assert.ok(result.published > 0, 'nothing was published');
    assert.equal(result.delivered > 0, subscribers > 0);
    if (subscribers === 0) continue;
    const { p50, p99, max } = result.latency;
    assert.ok(p50 <= p99 && p99 <= max, `latencies out of order: ${p50}, ${p99}, ${max}`);
  }
  const text = (await runCli(t, ['bench', '-m', '1000'], { env })).stdout;
  assert.match(text, /^1,000 messages of 64 B, 1 publisher, 1 subscriber: /);
  assert.match(text, /^latency {4}p50 .* p90 .* p99 .* max .*$/m);
  const long = startCli(t, ['bench', '-m', '100000', '--rate', '100'], { env });
  const topic = client.subscribe('bench.>');
  for await (const _ of await topic) break;
  long.kill('SIGINT');
  assert.equal((await long.ended).code, 130);
});

test('help, version, and nothing at all', { timeout }, async (t) => {
  const help = await runCli(t, ['--help']);
  assert.equal(help.code, 0);
  for (const name of ['serve', 'pub', 'sub', 'request', 'respond', 'topics', 'topic', 'top', 'bench']) {
    assert.match(help.stdout, new RegExp(`^  ${name} `, 'm'));
  }
  assert.match((await runCli(t, ['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  const nothing = await runCli(t, []);
  assert.equal(nothing.code, 2);
  assert.equal(nothing.stdout, '');
  assert.match(nothing.stderr, /^Usage: leveret/);
  assert.equal((await runCli(t, ['help', 'pub'])).code, 0);
});
