import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ROOT } from '../chapters.ts';
import { testArguments } from '../test-runner/steps.ts';

const timeout = 30_000;

/** Runs a test file of that text, which may take one second, as a runner does. */
function runFile(t: TestContext, name: string, text: string, ...args: string[]) {
  // Within the project, so that the file finds its packages.
  const folder = mkdtempSync(join(ROOT, 'node_modules/.watchdog-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, `// deadline: 1 s\n${text}\n`);
  const { NODE_TEST_CONTEXT: _within, LEVERET_DEADLINE_S: _longer, ...env } = process.env;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, testArguments(...args, path), {
    cwd: ROOT,
    env,
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  return { status, signal, output: stdout + stderr };
}

test('an endless loop in a file of node:test ends, by name', { timeout }, (t) => {
  const text = "import { test } from 'node:test'; test('a', () => {}); test('b', () => { for (;;); });";
  const { status, output } = runFile(t, 'loop.test.ts', text, '--test');
  assert.notEqual(status, 0, 'the run passed');
  assert.match(output, /loop\.test\.ts was not done after 1 s and was ended; the test that began last: "b"/);
});

test('an endless loop in a file of uvu ends, by name', { timeout }, (t) => {
  const text =
    "import { suite } from 'uvu'; const s = suite('s'); s('a', () => {}); s('b', () => { for (;;); }); s.run();";
  const { status, output } = runFile(t, 'loop.spec.ts', text);
  assert.notEqual(status, 0, 'the run passed');
  assert.match(output, /loop\.spec\.ts was not done after 1 s and was ended; the test that began last: "b"/);
});

test('a process that a test left running, and that holds the output, ends too', { timeout }, (t) => {
  const text = `import { spawn } from 'node:child_process'; import { test } from 'node:test';
    test('a', () => { spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }); });`;
  const { signal, output } = runFile(t, 'child.test.ts', text, '--test');
  assert.match(output, /child\.test\.ts was not done after 1 s/);
  assert.equal(signal, null, 'the run itself had to be killed');
});

test('a file that is done in time is left alone', { timeout }, (t) => {
  const { status, output } = runFile(
    t,
    'fine.spec.ts',
    "import { test } from 'uvu'; test('a', () => {}); test.run();",
  );
  assert.equal(status, 0, output);
  assert.match(output, /Passed:\s+1/);
});
