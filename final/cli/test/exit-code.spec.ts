import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TEST_CERTIFICATE } from '../../client/test/certificate.ts';
import { EXIT_MEANINGS, exitCodeOf } from '../exit-code.ts';
import { createProgram } from '../program.ts';

const codes = suite('exit codes');
const folder = mkdtempSync(join(tmpdir(), 'leveret-exit-'));
codes.after(() => rmSync(folder, { recursive: true, force: true }));
/** A port where nobody listens: it is no broker's. */
const NOBODY = 'leveret://127.0.0.1:1';

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** Runs a command in this process; resolves with its exit code, and what it said that was wrong. */
async function run(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const program = createProgram();
  let said = '';
  const quiet = (command: Command): void => {
    command.configureOutput({ writeErr: (text) => (said += text), writeOut() {} });
    for (const each of command.commands) quiet(each);
  };
  quiet(program);
  const failed = await program.parseAsync([...args], { from: 'user' }).then(
    () => undefined,
    (error: Error) => error,
  );
  return { code: failed === undefined ? 0 : exitCodeOf(failed), said: said || (failed?.message ?? '') };
}

/** The commands that have none of their own, each with its path and something for each argument that it needs. */
function* leaves(command: Command, path: readonly string[] = []): Generator<[string[], Command]> {
  for (const each of command.commands) {
    const name = [...path, each.name()];
    if (each.commands.length > 0) yield* leaves(each, name);
    else
      yield [[...name, ...each.registeredArguments.filter(({ required }) => required).map(() => 'a')], each];
  }
}

for (const [words, command] of leaves(createProgram())) {
  const name = words.join(' ');
  const isServe = command.name() === 'serve';
  // What a command asks for beside its arguments.
  const args = command.name() === 'respond' ? [...words, '--reply', 'x'] : words;

  codes(`${name}: what is typed wrongly is 2, and the message names it`, async () => {
    const cases: [string[], RegExp][] = [[[...args, '--bogus'], /--bogus/]];
    if (words.at(-1) === 'a') cases.push([args.slice(0, words.length - 1), /missing required argument/]);
    for (const option of command.options) {
      if (!option.required || isServe || option.parseArg === undefined) continue;
      cases.push([[...args, option.long ?? '', 'wrong!'], new RegExp(option.long ?? '')]);
    }
    if (!isServe) {
      cases.push(
        [[...args, '-s', 'http://x'], /"http:\/\/x" is no address of a broker/],
        [
          [...args, '-s', NOBODY, '--tls-ca', 'nowhere.pem'],
          /^--tls-ca: cannot read nowhere\.pem: there is no such file/,
        ],
        [[...args, '-s', NOBODY, '--tls-cert', 'a.pem'], /--tls-cert and --tls-key are a pair/],
      );
    }
    for (const [typed, words] of cases) {
      const { code, said } = await run(...typed);
      assert.is(code, 2, `leveret ${typed.join(' ')}: ${said}`);
      assert.match(said, words, `leveret ${typed.join(' ')}`);
    }
  });

  if (isServe) continue;
  codes(`${name}: nobody who answers is 1`, async () => {
    const { code, said } = await run(...args, '-s', NOBODY);
    assert.is(code, 1, said);
    assert.match(said, /nobody answers at leveret:\/\/127\.0\.0\.1:1: /, 'the words');
  });

  if (!command.options.some(({ long }) => long === '--timeout')) continue;
  codes(`${name}: a time without a unit is refused`, async () => {
    const { code, said } = await run(...args, '-s', NOBODY, '--timeout', '1');
    assert.is(code, 2, said);
    assert.match(said, /--timeout.*'1' is invalid\. It takes a time with a unit, such as 500ms/, 'the words');
  });
}

codes('what options do not say together, or cannot mean, is told in one line', async () => {
  const cases: [string[], RegExp][] = [
    [['pub', 'a', 'x', '--key', 'k', '--split-key', '='], /--key and --split-key/],
    [['pub', 'a', 'x', '--retention', 'long'], /It takes a time with a unit, such as/],
    [['sub', 'a', '--from', 'yesterday'], /It takes earliest, latest/],
    [['sub', 'a', '--window', '70000'], /from 0 to 65535/],
    [['sub', 'a', '--json', '--raw'], /two formats/],
    [['respond', 'a'], /either a program/],
    [['bench', '--size', '4'], /8 bytes/],
  ];
  for (const [args, words] of cases) {
    const { code, said } = await run(...args, ...(args[0] === 'respond' ? [] : ['-s', NOBODY]));
    assert.is(code, 2, `leveret ${args.join(' ')}: ${said}`);
    assert.match(said, words, `leveret ${args.join(' ')}`);
  }
});

codes('topics are checked before a broker is looked for', async () => {
  for (const args of [['pub'], ['request'], ['respond', '--reply', 'x']]) {
    const { code, said } = await run(args[0] ?? '', 'a.*', ...args.slice(1), '-s', NOBODY);
    assert.is(code, 2, said);
    assert.match(said, /'a\.\*' is invalid for argument 'topic'\. .*pattern/, args.join(' '));
  }
});

codes('certificates and keys: the message names the option and the file', async () => {
  const cert = file('cert.pem', TEST_CERTIFICATE.cert);
  const key = file('key.pem', TEST_CERTIFICATE.key);
  const text = file('text.pem', 'hello');
  const other = file(
    'other.pem',
    '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIIXCu6sJvY+2y0DNQqmVyjSFe2LLcTMrcGTYvnmJfj5d\n-----END PRIVATE KEY-----',
  );
  const tls = (flag: string) => ['--port', '0', '--tls-port', '0', '--log-level', 'silent', flag];
  const pairs: [string[], RegExp][] = [
    [['--tls-cert', 'no.pem', '--tls-key', key], /^--tls-cert: cannot read no\.pem: there is no such file/],
    [['--tls-cert', text, '--tls-key', key], /^--tls-cert: .*text\.pem holds no certificate in PEM/],
    [['--tls-cert', key, '--tls-key', key], /^--tls-cert: .*key\.pem holds no certificate in PEM, but a key/],
    [
      ['--tls-cert', cert, '--tls-key', cert],
      /^--tls-key: .*cert\.pem holds no private key in PEM, but a certificate/,
    ],
    [
      ['--tls-cert', cert, '--tls-key', other],
      /^--tls-key: the key in .*other\.pem does not belong to the certificate in .*cert\.pem/,
    ],
    [['--tls-ca', text, '--tls-cert', cert, '--tls-key', key], /^--tls-ca: .*text\.pem holds no certificate/],
  ];
  for (const [flags, words] of pairs) {
    for (const args of [
      ['pub', 'a', 'x', '-s', NOBODY, ...flags],
      ['serve', ...tls(flags[0] ?? ''), ...flags.slice(1)],
    ]) {
      const { code, said } = await run(...args);
      assert.match(said, words, args.join(' '));
      assert.is(code, 2, `${args.join(' ')}: ${said}`);
    }
  }
});

codes('a configuration that is wrong is 2, whenever that shows', async () => {
  for (const args of [
    ['--port', 'x'],
    ['--host', '0.0.0.0'],
    ['--port', '0', '--http', '0.0.0.0:0'],
    ['--config', 'nowhere.json'],
    ['--config', file('bad.json', '{')],
    ['--client-certs'],
    ['--allowed-hosts', 'a'],
  ]) {
    const { code, said } = await run('serve', '--log-level', 'silent', ...args);
    assert.is(code, 2, `${args.join(' ')}: ${said}`);
  }
});

codes('help and the docs tell every code', async () => {
  const docs = readFileSync(new URL('../../../docs/command-line.md', import.meta.url), 'utf8');
  for (const [code, meaning] of EXIT_MEANINGS) {
    assert.ok(docs.includes(`\n| ${code} | ${meaning}`), `docs/command-line.md says of ${code}: ${meaning}`);
  }
});

codes.run();
