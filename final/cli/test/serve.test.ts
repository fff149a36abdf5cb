// deadline: 240 s
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '../../client/index.ts';
import { folderFor, runCli, serve, startCli } from './run-cli.ts';

const timeout = 60_000;

test('a broker says where it is, serves, and ends in good order', { timeout }, async (t) => {
  const broker = await serve(t);
  const client = await connect(broker.url);
  t.after(() => client.close({ deadline: 0 }));
  await client.publish('news', 'hello', { confirm: true });
  broker.kill('SIGTERM');
  const { code, stdout, stderr } = await broker.ended;
  assert.equal(code, 0);
  assert.equal(stdout, `leveret is listening at ${broker.url}\n`);
  const lines = stderr
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          msg: string;
          pid?: number;
          version?: string;
          topics?: number;
          connectionsCutOff?: number;
        },
    );
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    [
      'leveret starts',
      'listening',
      'everything is held in memory: a restart loses all messages and topics',
      'shutting down',
      'stopped',
    ],
  );
  const first = lines[0];
  const last = lines.at(-1);
  assert.equal(first?.pid, broker.child.pid, 'the start tells the process id');
  assert.match(first?.version ?? '', /^\d+\.\d+\.\d+/, 'the start tells the version');
  assert.equal(last?.topics, 1, 'the end tells what goes with it');
  assert.equal(last?.connectionsCutOff, 0, 'nobody was cut off');
});

test('clients are told that it ends, and a second signal ends at once', { timeout }, async (t) => {
  const broker = await serve(t, ['--shutdown-deadline', '10min', '--set', 'closeTimeoutMs=10min']);
  // It never says anything and never ends its direction, so the broker would wait for it.
  const socket: Socket = connectSocket({ port: broker.port, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  const client = await connect(broker.url, { reconnect: false });
  broker.kill('SIGINT');
  await client.closed;
  await broker.printed(/shutting down/);
  let signals = 0;
  // Signals that come close together count as one: Ctrl-C reaches a program twice under npm.
  const again = setInterval(() => {
    signals++;
    broker.kill('SIGINT');
  }, 200);
  t.after(() => clearInterval(again));
  const { code } = await broker.ended;
  assert.equal(code, 130);
  assert.ok(signals > 1, `${signals} signals were needed: it ended before it was started`);
});

test('a port that is taken is one line and exit 1', { timeout }, async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  for (const args of [
    ['--port', String(port)],
    ['--port', '0', '--http', String(port)],
    ['--port', '0', '--ws', String(port)],
  ]) {
    const { code, stdout, stderr } = await runCli(t, ['serve', '--log-level', 'silent', ...args]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      new RegExp(
        `^leveret: port ${port} on 127\\.0\\.0\\.1 is in use: end the program that holds it, or choose another port \\(0: any free one\\)\\n$`,
      ),
    );
  }
});

test('flags go before variables, variables before the file', { timeout }, async (t) => {
  const file = join(folderFor(t), 'leveret.json');
  writeFileSync(
    file,
    JSON.stringify({ port: 1, maxKeys: 1, maxLagBytes: 1, idleMs: 1, tls: { cert: 'a', key: 'b' } }),
  );
  const { code, stdout, stderr } = await runCli(
    t,
    [
      'serve',
      '--config',
      file,
      '--port',
      '3',
      '--set',
      'maxKeys=3',
      '--tls-key',
      'c',
      '--token',
      's3cret',
      '--print-config',
    ],
    { env: { LEVERET_PORT: '2', LEVERET_MAX_KEYS: '2', LEVERET_MAX_LAG_BYTES: '2KiB' } },
  );
  assert.equal(code, 0, stderr);
  const config = JSON.parse(stdout);
  assert.equal(config.port, 3);
  assert.equal(config.maxKeys, 3);
  assert.equal(config.maxLagBytes, 2048);
  assert.equal(config.idleMs, 1);
  assert.deepEqual(config.tls, { cert: 'a', key: 'c', requestClientCert: false });
  assert.doesNotMatch(stdout + stderr, /s3cret/);
  assert.match(stderr, /^maxLagBytes: from LEVERET_MAX_LAG_BYTES$/m);
});

test('what --print-config prints is a file for --config', { timeout }, async (t) => {
  const file = join(folderFor(t), 'leveret.json');
  const args = [
    '--http',
    '0',
    '--ws',
    '0',
    '--slow-policy',
    'skip',
    '--set',
    'idleMs=1min',
    '--print-config',
  ];
  const first = await runCli(t, ['serve', ...args]);
  writeFileSync(file, first.stdout);
  const second = await runCli(t, ['serve', '--config', file, '--print-config']);
  assert.deepEqual(JSON.parse(second.stdout), JSON.parse(first.stdout));
});

test('what --print-config prints of tokens is no secret, and lets their holders in', {
  timeout,
}, async (t) => {
  const file = join(folderFor(t), 'leveret.json');
  const rules = {
    tokens: [{ token: 'for the station', name: 'station', publish: ['weather.>'], subscribe: [] }],
  };
  writeFileSync(file, JSON.stringify({ auth: rules }));
  const { stdout, stderr } = await runCli(t, ['serve', '--config', file, '--print-config'], {
    env: { LEVERET_TOKEN: 'for all' },
  });
  assert.doesNotMatch(stdout + stderr, /for the station|for all/);
  writeFileSync(file, stdout);
  const broker = await serve(t, ['--config', file]);
  const pub = (topic: string, token: string) =>
    runCli(t, ['pub', topic, 'x', '-s', broker.url, '--token', token]);
  assert.equal((await pub('a', 'for all')).code, 0, 'the token of the environment');
  assert.equal((await pub('weather.a', 'for the station')).code, 0, 'the token of the file');
  assert.equal((await pub('a', 'for the station')).code, 1, 'its permissions');
  assert.equal((await pub('a', 'guess')).code, 1, 'another token');
});

test('mistakes that only show when it starts', { timeout }, async (t) => {
  const cases: [string[], RegExp][] = [
    [
      ['--tls-port', '0', '--tls-cert', 'no.pem', '--tls-key', 'no.pem'],
      /^leveret: --tls-cert: cannot read no\.pem/,
    ],
    [['--http', '0.0.0.0:0'], /can be reached from other machines/],
  ];
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await runCli(t, [
      'serve',
      '--port',
      '0',
      '--log-level',
      'silent',
      ...args,
    ]);
    assert.match(stderr, expected);
    assert.equal(stdout, '');
    assert.equal(code, 2, stderr);
  }
});

test('several mistakes are told together; a file that is no JSON, once', { timeout }, async (t) => {
  const { stderr, code } = await runCli(t, ['serve', '--port', 'x', '--slow-policy', 'y']);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^leveret: 2 mistakes in the configuration:\n {2}--port: .*\n {2}--slow-policy: .*\n$/,
  );
  const file = join(folderFor(t), 'leveret.json');
  writeFileSync(file, '{port: 1}');
  assert.match((await runCli(t, ['serve', '--config', file])).stderr, /leveret.json is not JSON: /);
});

test('a variable that means nothing is a warning', { timeout }, async (t) => {
  const broker = await serve(t, [], { env: { LEVERET_MAX_LAGBYTES: '1' } });
  await broker.printed(
    /LEVERET_MAX_LAGBYTES in the environment means nothing here; did you mean LEVERET_MAX_LAG_BYTES\?/,
  );
});

test('limits are really set', { timeout }, async (t) => {
  const broker = await serve(t, [], { env: { LEVERET_MAX_TOPICS: '1' } });
  const client = await connect(broker.url);
  t.after(() => client.close({ deadline: 0 }));
  await client.createTopic('one');
  await assert.rejects(client.createTopic('two'), { code: 'LIMIT' });
});

test('the inspector and the WebSocket listener are where they were told to be', { timeout }, async (t) => {
  const broker = await serve(t, ['--http', '0', '--ws', '127.0.0.1:0']);
  assert.ok(broker.http, 'it prints the address of its page');
  assert.equal((await fetch(new URL('/healthz', broker.http))).status, 200);
  const greeting = await broker.printed(/look at it here: (http:\S+)/);
  assert.equal(greeting[1], broker.http);
  const url = `ws://127.0.0.1:${broker.portOf('ws')}/leveret`;
  assert.equal((await runCli(t, ['pub', 'news', 'hello', '--server', url])).code, 0);
  broker.kill('SIGTERM');
  assert.equal((await broker.ended).code, 0);
});

test('the demo is alive, and ends with its broker', { timeout }, async (t) => {
  const broker = await serve(t, ['--demo', '--http', '0', '--token', 's3cret']);
  const client = await connect(broker.url, { token: 's3cret' });
  t.after(() => client.close({ deadline: 0 }));
  const seen = new Set<string>();
  for await (const { topic } of await client.subscribe('>', { from: 'earliest' })) {
    seen.add(topic);
    if (seen.size === 3) break;
  }
  assert.deepEqual([...seen].sort(), ['shop.orders', 'weather.coast', 'weather.hills']);
  broker.kill('SIGINT');
  assert.equal((await broker.ended).code, 0);
});

test('a token is asked for', { timeout }, async (t) => {
  const broker = await serve(t, [], { env: { LEVERET_TOKEN: 's3cret' } });
  const env = { LEVERET_URL: broker.url };
  const refused = await runCli(t, ['pub', 'news', 'hello'], { env });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^leveret: .*token.*--token or LEVERET_TOKEN\n$/);
  assert.equal((await runCli(t, ['pub', 'news', 'hello', '--token', 's3cret'], { env })).code, 0);
  assert.equal(
    (await runCli(t, ['pub', 'news', 'hello'], { env: { ...env, LEVERET_TOKEN: 's3cret' } })).code,
    0,
  );
});

test('TLS, with certificates of clients', { timeout: 120_000 }, async (t) => {
  const folder = folderFor(t);
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => {
    const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.pem'),
    '-days',
    '2',
    '-subj',
    '/CN=test ca',
  );
  writeFileSync(path('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  for (const name of ['server', 'client']) {
    openssl(
      'req',
      ...key,
      '-keyout',
      path(`${name}.key`),
      '-out',
      path(`${name}.csr`),
      '-subj',
      `/CN=${name}`,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      path(`${name}.csr`),
      '-CA',
      path('ca.pem'),
      '-CAkey',
      path('ca.key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      path('names'),
      '-out',
      path(`${name}.pem`),
    );
  }
  const own = ['--tls-cert', path('server.pem'), '--tls-key', path('server.key')];
  const trust = ['--tls-ca', path('ca.pem')];
  const open = await serve(t, ['--tls-port', '0', '--wss', '0', ...own]);
  const secure = `leverets://localhost:${open.portOf('tls')}`;
  assert.equal((await runCli(t, ['pub', 'a', 'b', '-s', secure, ...trust])).code, 0);
  assert.equal(
    (await runCli(t, ['pub', 'a', 'b', '-s', `wss://localhost:${open.portOf('wss')}/leveret`, ...trust]))
      .code,
    0,
  );
  const untrusted = await runCli(t, ['pub', 'a', 'b', '-s', secure]);
  assert.equal(untrusted.code, 1);
  assert.match(untrusted.stderr, /^leveret: no secure connection to .*\n$/);
  const closed = await serve(t, ['--tls-port', '0', ...own, ...trust, '--client-certs']);
  const strict = `leverets://localhost:${closed.portOf('tls')}`;
  const mine = ['--tls-cert', path('client.pem'), '--tls-key', path('client.key')];
  assert.equal((await runCli(t, ['pub', 'a', 'b', '-s', strict, ...trust, ...mine])).code, 0);
  assert.equal((await runCli(t, ['pub', 'a', 'b', '-s', strict, ...trust])).code, 1);
});

test('log lines at the level that was asked for', { timeout }, async (t) => {
  const broker = await serve(t, ['--log-level', 'debug']);
  await runCli(t, ['pub', 'news', 'hello', '-s', broker.url]);
  await broker.printed(/"client":"leveret pub".*client admitted/);
  const silent = startCli(t, ['serve', '--port', '0', '--log-level', 'silent']);
  await silent.printed(/listening at/);
  silent.kill('SIGTERM');
  assert.equal((await silent.ended).stderr, '');
});

test('SIGHUP reads tokens anew, refuses what is wrong, and ends nothing', { timeout }, async (t) => {
  const file = join(folderFor(t), 'leveret.json');
  const write = (...tokens: string[]): void =>
    writeFileSync(file, JSON.stringify({ auth: { tokens: tokens.map((token) => ({ token })) } }));
  write('old', 'stays');
  const broker = await serve(t, ['--config', file]);
  const open = (token: string) => connect(broker.url, { token, reconnect: false });
  const old = await open('old');
  const told: (string | undefined)[] = [];
  old.on('error', ({ code }) => told.push(code));
  const stays = await open('stays');
  t.after(() => stays.close({ deadline: 0 }));
  writeFileSync(file, '{');
  broker.kill('SIGHUP');
  await broker.printed(/"reason":"[^"]*leveret\.json is not JSON.*what held before still holds/);
  await old.publish('a', 'x', { confirm: true });
  write('new', 'stays');
  broker.kill('SIGHUP');
  await broker.printed(/"gone":1,"changed":0.*reloaded/);
  await old.closed;
  assert.deepEqual(told, ['DENIED'], 'whose token is gone is told so, and ended');
  await assert.rejects(open('old'), { code: 'DENIED' }, 'the old token is refused');
  await (await open('new')).close();
  await stays.publish('a', 'x', { confirm: true });
  const refused = await broker.printed(
    /"remoteAddress":"127\.0\.0\.1:\d+".*"reason":"this token is not known here".*login refused/,
  );
  assert.ok(!refused[0].includes('old'), 'the token is not in the log');
  broker.kill('SIGTERM');
  assert.equal((await broker.ended).code, 0, 'it went on, and ended when it was told to');
});
