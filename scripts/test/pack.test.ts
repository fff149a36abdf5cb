// deadline: 240 s
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve, start } from '../../final/cli/test/run-cli.ts';
import { ROOT } from '../chapters.ts';

/** An empty folder with the package installed in it. */
const folder = mkdtempSync(join(tmpdir(), 'leveret-pack-'));
const installed = join(folder, 'node_modules/leveret');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

function run(file: string, args: readonly string[], cwd = folder): string {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd, encoding: 'utf8', timeout: 150_000 });
  assert.equal(status, 0, `${file} ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

/**
 * Does what `npm install leveret.tgz` does, without asking a registry: unpacks it, links the command, and links the
 * packages that it names, and no others, from those of the project.
 */
before(
  () => {
    // publint and are-the-types-wrong look at it in here: what they find is an error.
    run(process.execPath, ['--import', 'tsx', 'scripts/pack.ts', '--out', join(folder, 'dist')], ROOT);
    const tarball = readdirSync(join(folder, 'dist')).find((name) => name.endsWith('.tgz'));
    assert.ok(tarball, 'npm run pack made no .tgz');
    mkdirSync(installed, { recursive: true });
    run('tar', ['-xzf', join(folder, 'dist', tarball), '-C', installed, '--strip-components=1']);
    const { dependencies, bin } = JSON.parse(
      readFileSync(join(installed, 'package.json'), 'utf8'),
    ) as Manifest;
    for (const name of [...Object.keys(dependencies), '@types/node']) {
      mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
    }
    mkdirSync(join(folder, 'node_modules/.bin'));
    for (const [name, path] of Object.entries(bin)) {
      chmodSync(join(installed, path), 0o755);
      symlinkSync(join('../leveret', path), join(folder, 'node_modules/.bin', name));
    }
    writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}');
  },
  { timeout: 160_000 },
);
after(() => rmSync(folder, { recursive: true, force: true }));

const LEVERET = join(folder, 'node_modules/.bin/leveret');

test('its command serves, publishes and subscribes; the inspector has its page', {
  timeout: 60_000,
}, async (t) => {
  const broker = await serve(t, ['--http', '0'], { cwd: folder, program: LEVERET });
  const env = { LEVERET_URL: broker.url };
  const command = (...args: string[]) => start(t, LEVERET, args, { cwd: folder, env });
  const sub = command('sub', 'news.>', '--count', '1', '--raw');
  await sub.printed(/subscribed to/);
  assert.equal((await command('pub', 'news.today', 'hello').ended).code, 0);
  assert.deepEqual(await sub.ended.then(({ code, stdout }) => [code, stdout]), [0, 'hello\n']);
  assert.ok(broker.http, 'the inspector has no address');
  const page = await fetch(broker.http);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<!doctype html>/i);
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  assert.equal((await command('--version').ended).stdout, `${version}\n`);
  broker.kill('SIGTERM');
  assert.equal((await broker.ended).code, 0);
});

test('its entries can be imported, and share their errors', { timeout: 60_000 }, () => {
  const program = `
    import { createBroker, connect, LeveretError } from 'leveret';
    import * as client from 'leveret/client';
    import * as peers from 'leveret/peers';
    const broker = await createBroker({ port: 0 });
    const one = await client.connect('leveret://127.0.0.1:' + broker.port);
    const got = new Promise((resolve) => one.subscribe('a', { onMessage: (m) => resolve(m.text()) }).then(() => one.publish('a', 'hello')));
    const error = await connect('leveret://127.0.0.1:1').catch((error) => error);
    console.log(await got, error instanceof LeveretError, Object.keys(peers).length > 0);
    await one.close();
    await broker.close();`;
  writeFileSync(join(folder, 'use.js'), program);
  assert.equal(run(process.execPath, ['use.js']), 'hello true true\n');
});

test('its types are right for a program that uses them, and wrong for one that does not', {
  timeout: 60_000,
}, () => {
  const good = `
    import { type BrokerOptions, connect, createBroker, type Message } from 'leveret';
    import { connect as connectAgain, type SubscribeOptions } from 'leveret/client';
    import * as peers from 'leveret/peers';
    const options: BrokerOptions = { port: 0, slowPolicy: 'skip', auth: { tokens: [{ token: 'x' }] } };
    const broker = await createBroker(options);
    const subscribe: SubscribeOptions = { from: { after: 3 }, onMessage: (message: Message) => { const id: number = message.id; } };
    const client = await connectAgain('leveret://localhost', { reconnect: false });
    const confirmed: number | undefined = (await client.publish('a', 'b', { confirm: true })).id;
    for await (const message of await client.subscribe('a', subscribe)) console.log(message.payload.byteLength, confirmed, peers, connect);
    await broker.close();`;
  const bad = `
    import { createBroker } from 'leveret';
    await createBroker({ port: '0' });`;
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2023',
    module: 'nodenext',
    skipLibCheck: false,
    types: ['node'],
    lib: ['es2023', 'esnext.disposable'],
  };
  const check = (files: string[]) => {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    return spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: folder, encoding: 'utf8' });
  };
  writeFileSync(join(folder, 'good.ts'), good);
  writeFileSync(join(folder, 'bad.ts'), bad);
  const { status, stdout } = check(['good.ts', 'bad.ts']);
  assert.notEqual(status, 0);
  assert.match(stdout, /^bad\.ts\(3,\d+\): error TS2322[^\n]*\n$/);
});

test('the client for browsers holds nothing of Node', { timeout: 10_000 }, () => {
  const code = readFileSync(join(installed, 'lib/client-browser.js'), 'utf8');
  assert.doesNotMatch(code, /from ?["']|require\(["']|\bBuffer\.(from|alloc)|process\.env/);
});
