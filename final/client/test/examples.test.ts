// deadline: 60 s
/** Every program that the guides show, or show a part of, is run: in Node, and those of the client like in a browser too. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundleForBrowsers, runLikeABrowser } from './browser-bundle.ts';
import { startBroker, until } from './support.ts';

/** Those with a function `main`, and what it prints. */
const FUNCTIONS: Record<string, readonly string[]> = {
  'publish.ts': ['id 2', 'ids 3 and undefined', 'all published', 'closed'],
  'subscribe.ts': [
    'news 1: one',
    'news 2: two',
    'news 3: three',
    'weather.oslo snow',
    'sum 500500',
    'done: paint the fence',
  ],
  'topics.ts': ['ids 3 to 3, 0 readers'],
  'request.ts': ['42', 'HANDLER_FAILED: the responder failed: cheese is no number'],
  'browser.ts': ['the client refused: TOO_LARGE', 'hello from the page'],
};

/** Those that run by themselves, and what they print. */
const PROGRAMS: Record<string, RegExp> = {
  'plain.mjs': /^weather\.coast light rain\n$/,
  'using.ts': /^weather\.coast light rain\n$/,
  'package-client.mjs': /^news\.today 1 hello\n$/,
  'package-broker.mjs': /^\[ \{ type: 'tcp', host: '127\.0\.0\.1', port: \d+ \} \]\n$/,
  'package-peers.mjs': /^hello from 127\.0\.0\.1:\d+\n$/,
};
/** Those that go on until somebody ends them. */
const ENDLESS = new Set(['using.ts']);

interface Example {
  main(url: string, print: (line: string) => void): Promise<undefined | { close(): Promise<void> }>;
}

const folder = new URL('../examples/', import.meta.url);

test('each file of the folder is run', () => {
  assert.deepEqual(
    readdirSync(folder).sort(),
    [...Object.keys(FUNCTIONS), ...Object.keys(PROGRAMS)].sort(),
    'the examples, and those that this test knows',
  );
});

for (const [name, expected] of Object.entries(FUNCTIONS)) {
  test(`the example ${name}, in Node and like in a browser`, { timeout: 30_000 }, async (t) => {
    const host = '127.0.0.1';
    const places: [string, Example][] = [
      ['leveret', await import(new URL(name, folder).href)],
      ['ws', runLikeABrowser(await bundleForBrowsers(`../examples/${name}`)) as Example],
    ];
    for (const [protocol, { main }] of places) {
      const broker = await startBroker(t, { listeners: [{ type: 'ws', host, port: 0 }] });
      const lines: string[] = [];
      const port = broker.addresses[protocol === 'ws' ? 1 : 0]?.port;
      const client = await main(`${protocol}://${host}:${port}`, (line) => lines.push(line));
      await until(() => lines.length >= expected.length);
      await client?.close();
      assert.deepEqual(lines, expected, `what it prints over ${protocol}://`);
    }
  });
}

for (const [name, expected] of Object.entries(PROGRAMS)) {
  test(`the program ${name}`, { timeout: 30_000 }, async (t) => {
    const broker = await startBroker(t);
    const copies = mkdtempSync(join(tmpdir(), 'leveret-example-'));
    t.after(() => rmSync(copies, { recursive: true, force: true }));
    const source = readFileSync(new URL(name, folder), 'utf8');
    if (name.endsWith('.mjs'))
      assert.doesNotMatch(source, /await using/, `${name} is to be plain JavaScript`);
    const file = join(copies, name.replace('.ts', '.mts'));
    const text = source
      .replace(/'(leveret(?:\/\w+)?)'/g, (_, entry: string) => `'${import.meta.resolve(entry)}'`)
      .replace('port: 7410', 'port: 0')
      .replace(':7410', `:${broker.port}`);
    writeFileSync(file, text);
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file], {
      cwd: process.cwd(),
    });
    t.after(() => child.kill('SIGKILL'));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    await until(() => child.exitCode !== null || (ENDLESS.has(name) && output.endsWith('\n')));
    await new Promise(setImmediate);
    assert.match(output, expected, 'what it prints');
    if (!ENDLESS.has(name)) assert.equal(child.exitCode, 0, `how ${name} ends: ${output}`);
  });
}
