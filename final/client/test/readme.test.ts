/** The program in plain JavaScript that README.md shows runs on this Node. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from './support.ts';

test('the plain form of the README runs as an .mjs, without a compiler of its text', {
  timeout: 20_000,
}, async (t) => {
  const broker = await startBroker(t);
  const folder = mkdtempSync(join(tmpdir(), 'leveret-readme-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const entry = new URL('../../index.ts', import.meta.url).href;
  const source = readFileSync(new URL('../examples/readme.mjs', import.meta.url), 'utf8');
  assert.doesNotMatch(source.replace(/^\/\/.*$/gm, ''), /await using/, 'what is no plain JavaScript yet');
  const file = join(folder, 'readme.mjs');
  writeFileSync(file, source.replace("'leveret'", `'${entry}'`).replace('7410', String(broker.port)));
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file], {
    cwd: process.cwd(),
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  assert.equal(output, 'weather.coast light rain\n', 'what it prints');
  assert.equal(code, 0, 'how it ends');
});
