// deadline: 90 s
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ROOT } from '../chapters.ts';
import { runScript, startScript } from './run-script.ts';

const TIMEOUT = { timeout: 90_000 };
const folder = join(ROOT, 'chapters/04-full-protocol/examples');
const names = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((name) => /^[a-z-]+\.ts$/.test(name))
  .map((name) => name.slice(0, -3));

describe('npm run example', () => {
  test('lists the examples', TIMEOUT, async ({ signal }) => {
    const { code, stdout } = await runScript('example', [], signal);
    assert.equal(code, 0);
    for (const name of names) assert.match(stdout, new RegExp(`^ +${name} +\\S`, 'm'));
  });

  test('an unknown name is refused in one line', TIMEOUT, async ({ signal }) => {
    const { code, stderr } = await runScript('example', ['nonsense'], signal);
    assert.equal(code, 2);
    assert.match(stderr, /^There is no example "nonsense"[^\n]+\n$/);
  });

  for (const name of names) {
    test(`${name} plays against a broker of its own`, TIMEOUT, async ({ signal }) => {
      const { code, stdout, stderr } = await runScript('example', [name, '--own'], signal);
      assert.equal(stderr, '');
      assert.equal(code, 0);
      assert.match(stdout, /with a broker of its own on 127\.0\.0\.1:\d+\n\n\s*\S/);
    });
  }

  if (names[0] !== undefined) {
    const [name] = names;
    test('plays against a broker that is up', TIMEOUT, async ({ signal }) => {
      const broker = startScript('chapter', ['4', '--serve', '--port', '0'], signal);
      const [, port = ''] = await broker.printed(/listening on 127\.0\.0\.1:(\d+)/);
      const { code, stdout } = await runScript('example', [name, '--port', port], signal);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`with the broker on 127\\.0\\.0\\.1:${port}\n`));
      broker.child.kill('SIGTERM');
      assert.equal((await broker.ended).code, 0);
    });

    test('where no broker answers it says how to start one', TIMEOUT, async ({ signal }) => {
      const placeholder = createServer().listen(0, '127.0.0.1');
      await once(placeholder, 'listening');
      const { port } = placeholder.address() as AddressInfo;
      placeholder.close();
      await once(placeholder, 'close');
      const { code, stderr } = await runScript('example', [name, '--port', `${port}`], signal);
      assert.equal(code, 1);
      assert.match(stderr, /^No broker answers[^\n]+npm run chapter 4[^\n]+\n$/);
    });
  }
});
