import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytes, duration } from '../../format.ts';
import { parseAmount } from '../config/amount.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { createProgram } from '../program.ts';
import { bestMatch, printable } from '../text.ts';

const config = suite('the configuration');
const folder = mkdtempSync(join(tmpdir(), 'leveret-config-'));
config.after(() => rmSync(folder, { recursive: true, force: true }));

/** What `leveret serve` would be told, without starting it. */
function load(args: readonly string[], env: Record<string, string> = {}, file?: unknown): LoadedConfig {
  const program = createProgram();
  let flags: Record<string, unknown> = {};
  const serve = program.commands.find((command) => command.name() === 'serve');
  serve?.configureOutput({ writeErr() {} }).action((given: Record<string, unknown>) => {
    flags = given;
  });
  const path = join(folder, 'leveret.json');
  if (file !== undefined) writeFileSync(path, typeof file === 'string' ? file : JSON.stringify(file));
  program.parse(['serve', ...args, ...(file === undefined ? [] : ['--config', path])], { from: 'user' });
  return loadConfig(flags, env);
}

/** Mistakes: flags, environment, file; and what is said. */
const MISTAKES: ReadonlyArray<readonly [string[], Record<string, string>, unknown, RegExp]> = [
  [['--port', 'abc'], {}, undefined, /^leveret: --port: takes a port from 0 to 65535, not "abc"\n$/],
  [['--port', '70000'], {}, undefined, /--port: takes a port from 0 to 65535, not 70000/],
  [[], { LEVERET_PORT: 'tcp://10.0.0.1:7410' }, undefined, /LEVERET_PORT: takes a port from 0 to 65535/],
  [[], {}, { port: '7410' }, /port in .*leveret.json: takes a port/],
  [[], {}, { prot: 7410 }, /prot in .*leveret.json: there is no option of this name; did you mean port\?/],
  [
    ['--set', 'maxLagByte=1'],
    {},
    undefined,
    /--set maxLagByte: there is no option of this name; did you mean maxLagBytes\?/,
  ],
  [['--set', 'maxKeys'], {}, undefined, /--set takes name=value/],
  [
    ['--set', 'maxKeys=many'],
    {},
    undefined,
    /--set maxKeys: takes a whole number from 1 to 16777216, not "many"/,
  ],
  [
    ['--set', 'maxKeys=1.5'],
    {},
    undefined,
    /--set maxKeys: takes a whole number from 1 to 16777216, not 1\.5/,
  ],
  [
    ['--set', 'maxFrameSize=0'],
    {},
    undefined,
    /--set maxFrameSize: takes a whole number from 65 to 1073741824, not 0/,
  ],
  [
    ['--set', 'maxFrameSize=5GiB'],
    {},
    undefined,
    /--set maxFrameSize: takes a whole number from 65 to 1073741824, not 5368709120/,
  ],
  [
    ['--set', 'maxFrameSize=8GiB'],
    {},
    undefined,
    /--set maxFrameSize: takes a whole number from 65 to 1073741824, not 8589934592/,
  ],
  [
    [],
    { LEVERET_IDLE_MS: '30d' },
    undefined,
    /LEVERET_IDLE_MS: takes a time with a unit, such as 500ms, 10s, 5min or 1h, not "30d"/,
  ],
  [
    [],
    { LEVERET_SLOW_POLICY: 'wait' },
    undefined,
    /LEVERET_SLOW_POLICY: takes one of disconnect, skip, block, not "wait"/,
  ],
  [['--http', 'here'], {}, undefined, /--http: takes a port, or an address and a port.*not "here"/],
  [['--ws', 'here'], {}, undefined, /--ws takes a port, or an address and a port.*not "here"/],
  [['--http', '99999'], {}, undefined, /--http: takes a port from 0 to 65535, not 99999/],
  [
    ['--tls-port', '0'],
    {},
    undefined,
    /^leveret: --tls-port needs a certificate: give --tls-cert and --tls-key\n$/,
  ],
  [['--tls-cert', 'a.pem'], {}, undefined, /^leveret: --tls-key: it is missing\n$/],
  [['--insecure'], {}, { insecure: 'perhaps', auth: { tokens: [{ tokn: 'x' }] } }, /tokens\.0/],
  [['--host', '0.0.0.0'], {}, undefined, /0\.0\.0\.0 can be reached from other machines/],
  [['--config', 'nowhere.json'], {}, undefined, /cannot read nowhere.json: there is no such file/],
  [
    ['--max-frame-size', '5GiB'],
    {},
    undefined,
    /^leveret: --max-frame-size: takes a whole number from 65 to 1073741824, not 5368709120\n$/,
  ],
  [
    [],
    { LEVERET_MAX_FRAME_SIZE: '5GiB' },
    undefined,
    /^leveret: LEVERET_MAX_FRAME_SIZE: takes a whole number from 65 to 1073741824, not 5368709120\n$/,
  ],
  [
    [],
    {},
    { maxFrameSize: 5 * 1024 ** 3 },
    /^leveret: maxFrameSize in .*leveret.json: takes a whole number from 65 to 1073741824, not 5368709120\n$/,
  ],
  [
    ['--hello-frame-limit', '8'],
    {},
    undefined,
    /--hello-frame-limit: takes a whole number from 260 to 65795, not 8/,
  ],
  [
    ['--idle', '30'],
    {},
    undefined,
    /^leveret: --idle: takes a time with a unit, such as 500ms, 10s, 5min or 1h, not "30"\n$/,
  ],
  [['--shutdown-deadline', '3'], {}, undefined, /--shutdown-deadline: takes a time with a unit/],
  [
    ['--shutdown-deadline', '2h'],
    {},
    undefined,
    /--shutdown-deadline: takes a whole number from 0 to 3600000, not 7200000/,
  ],
  [[], { LEVERET_FRAME_TIMEOUT_MS: '10' }, undefined, /LEVERET_FRAME_TIMEOUT_MS: takes a time with a unit/],
  [
    ['--tls-port', '0', '--tls-cert', 'a', '--tls-key', 'b', '--client-certs'],
    {},
    undefined,
    /^leveret: --client-certs needs --tls-ca: /,
  ],
  [
    [],
    { LEVERET_TLS_PORT: '0', LEVERET_TLS_CERT: 'a', LEVERET_TLS_KEY: 'b', LEVERET_CLIENT_CERTS: 'yes' },
    undefined,
    /^leveret: LEVERET_CLIENT_CERTS needs LEVERET_TLS_CA: /,
  ],
  [
    [],
    {},
    { tls: { cert: 'a', key: 'b', requestClientCert: true } },
    /^leveret: tls.requestClientCert in (.*leveret.json) needs tls.ca in \1: /,
  ],
  [
    [],
    { LEVERET_WSS: '0' },
    undefined,
    /^leveret: LEVERET_WSS needs a certificate: give LEVERET_TLS_CERT and LEVERET_TLS_KEY\n$/,
  ],
  [
    ['--allowed-hosts', 'a.example'],
    {},
    undefined,
    /^leveret: --allowed-hosts is for the inspector: start it by --http\n$/,
  ],
  [[], {}, { shutdownDeadline: 5 }, /did you mean shutdownDeadlineMs\?/],
  [
    [],
    {},
    { auth: { tokens: [{ token: 5 }] } },
    /^leveret: auth.tokens.0.token in .*leveret.json: takes a text\n$/,
  ],
  [['--log-level', 'loud'], {}, undefined, /--log-level: takes one of trace, debug/],
];

for (const [args, env, file, expected] of MISTAKES) {
  config(`a mistake: ${args.join(' ')} ${JSON.stringify(env)} ${JSON.stringify(file)}`, () => {
    assert.throws(
      () => load(args, env, file),
      (error: Error & { exitCode?: number }) => {
        assert.match(`leveret: ${error.message}\n`, expected);
        assert.is(error.exitCode, 2);
        return true;
      },
    );
  });
}

config('listeners and tokens of flags are added to those of the file', () => {
  const { settings } = load(
    ['--ws', '[::1]:81', '--token', 'b'],
    {},
    {
      listeners: [{ type: 'tcp', port: 80 }],
      auth: { tokens: [{ token: 'a', publish: ['x.>'] }] },
      http: 9,
    },
  );
  assert.equal(
    settings.listeners.map(({ type, host, port }) => `${type} ${host} ${port}`),
    ['tcp 127.0.0.1 80', 'ws ::1 81'],
  );
  assert.equal(
    settings.auth?.tokens.map(({ token }) => token),
    ['a', 'b'],
  );
  assert.equal(settings.http, { host: '127.0.0.1', port: 9 });
});

config('a file may turn the inspector off', () => {
  assert.is(load([], {}, { http: false }).settings.http, undefined);
});

config('names of the inspector are added to its address, wherever that was given', () => {
  const file = { http: { port: 1, allowedHosts: ['a.example'] } };
  assert.equal(load([], {}, file).settings.http, { host: '127.0.0.1', port: 1, allowedHosts: ['a.example'] });
  const { settings } = load(['--http', '[::1]:2', '--allowed-hosts', 'b.example, c.example'], {}, file);
  assert.equal(settings.http, { host: '::1', port: 2, allowedHosts: ['b.example', 'c.example'] });
  const env = { LEVERET_HTTP: '3', LEVERET_ALLOWED_HOSTS: 'd.example' };
  assert.equal(load([], env).settings.http, { host: '127.0.0.1', port: 3, allowedHosts: ['d.example'] });
});

config('every limit has a flag, a variable and a name in the file', () => {
  assert.is(load(['--max-lag-bytes', '8MiB']).settings.maxLagBytes, 8 * 1024 ** 2);
  assert.is(load(['--idle', '1min']).settings.idleMs, 60_000);
  assert.is(load(['--idle', '0']).settings.idleMs, 0);
  assert.is(load([], { LEVERET_IDLE: '2s' }).settings.idleMs, 2_000);
  assert.is(load([], { LEVERET_SHUTDOWN_DEADLINE: '2s' }).settings.shutdownDeadlineMs, 2_000);
  assert.is(load([], {}, { idleMs: 3 }).settings.idleMs, 3);
});

config('yes and no in the environment', () => {
  assert.is(load([], { LEVERET_INSECURE: 'yes' }).settings.insecure, true);
  assert.is(load([], { LEVERET_INSECURE: '0' }, { insecure: true }).settings.insecure, false);
  const { settings } = load([], {
    LEVERET_TLS_CERT: 'a',
    LEVERET_TLS_KEY: 'b',
    LEVERET_TLS_CA: 'c',
    LEVERET_CLIENT_CERTS: '1',
  });
  assert.equal(settings.tls, { cert: 'a', key: 'b', ca: 'c', requestClientCert: true });
  assert.equal(load([], { LEVERET_ALLOWED_ORIGINS: 'https://a, https://b' }).settings.allowedOrigins, [
    'https://a',
    'https://b',
  ]);
});

config('the file and the mistakes in docs/command-line.md are real', () => {
  const text = readFileSync(new URL('../../../docs/command-line.md', import.meta.url), 'utf8');
  const file = /^```json\n(.*?)^```$/ms.exec(text)?.[1] ?? '';
  assert.is(load([], {}, file).settings.auth?.tokens.length, 3);
  const said = /^```text\nleveret: (.*?)\n```$/ms.exec(text)?.[1] ?? '';
  assert.throws(
    () => load(['--max-lag-bytes', 'much'], { LEVERET_PORT: 'here' }),
    (error: Error) => error.message === said,
  );
});

config.run();

const text = suite('text for people');

text('amounts', () => {
  assert.is(parseAmount('1_500', 'none'), 1500);
  assert.is(parseAmount('64MiB', 'bytes'), 67_108_864);
  assert.is(parseAmount('1.5s', 'ms'), 1500);
  assert.is(parseAmount('2min', 'ms'), 120_000);
  assert.is(parseAmount('0', 'ms'), 0);
  assert.is(parseAmount('1', 'bytes'), 1);
  for (const wrong of ['', 'x', '-1', '1', '1500', '1 parsec', '1e3', '0x10'])
    assert.is(parseAmount(wrong, 'ms'), undefined);
  assert.is(parseAmount('1s', 'bytes'), undefined);
});

text('bytes and durations', () => {
  assert.is(bytes(0), '0 B');
  assert.is(bytes(1536), '1.5 KiB');
  assert.is(bytes(200 * 1024 ** 2), '200 MiB');
  assert.is(duration(0.25), '250 µs');
  assert.is(duration(1500), '1.5 s');
  assert.is(duration(3_600_000), '1 h');
});

text('what strangers write cannot move the cursor', () => {
  assert.is(printable('a\x1b[2J\nb\u202e\x9b'), 'a\\x1b[2J\\nb\\u202e\\x9b');
});

text('suggestions are near', () => {
  assert.is(bestMatch('prot', ['host', 'port']), 'port');
  assert.is(bestMatch('xyzzy', ['host', 'port']), undefined);
});

text.run();
