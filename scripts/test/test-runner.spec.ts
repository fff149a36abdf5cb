import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { choosePaths, findHollowTests, findTestFiles, neededPrograms } from '../test-runner/find-files.ts';
import { findMistakes } from '../test-runner/rules.ts';
import { readTotals } from '../test-runner/specs.ts';

const runner = suite<{ root: string }>('test runner');

runner.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'leveret-runner-'));
});
runner.after.each(({ root }) => rmSync(root, { recursive: true, force: true }));

function put(root: string, path: string, text = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

runner('takes a number for a chapter, and other text for a part of a path', () => {
  const path = 'chapters/01-framed-echo/test/frame-reader-04.spec.ts';
  const chosen = (...filters: string[]): number => choosePaths([path], filters).length;
  assert.is(chosen(), 1, 'without a filter every file is chosen');
  assert.is(chosen('1'), 1, 'chapter 1 as 1');
  assert.is(chosen('01'), 1, 'chapter 1 as 01');
  assert.is(chosen('02', 'reader'), 1, 'one of two filters is enough');
  assert.is(chosen('04'), 0, 'a number is no part of a path');
  assert.is(chosen('broker'), 0, 'a text that the path does not hold');
});

runner('takes the name of a file for that file alone, with or without its ending', () => {
  const paths = ['a/test/frame-writer.test.ts', 'a/test/frame.spec.ts', 'b/test/message-frame.spec.ts'];
  for (const name of ['frame.spec.ts', 'frame.spec', 'frame']) {
    assert.equal(choosePaths(paths, [name]), ['a/test/frame.spec.ts'], name);
  }
  assert.equal(choosePaths(paths, ['frame.']), ['a/test/frame.spec.ts', 'b/test/message-frame.spec.ts']);
  assert.equal(choosePaths(paths, ['writer', 'frame.spec']), paths.slice(0, 2), 'in the order of the paths');
});

runner('finds both kinds of test files, sorted, and nothing else', ({ root }) => {
  put(root, 'chapters/02-b/test/b.test.ts');
  put(root, 'chapters/01-a/test/deep/a.spec.ts');
  put(root, 'chapters/01-a/test/support.ts');
  put(root, 'chapters/01-a/node_modules/x/x.test.ts');
  put(root, 'scripts/test/s.test.ts');
  assert.equal(findTestFiles([], { root }), {
    specs: ['chapters/01-a/test/deep/a.spec.ts'],
    tests: ['chapters/02-b/test/b.test.ts', 'scripts/test/s.test.ts'],
  });
  assert.equal(findTestFiles(['02'], { root }), { specs: [], tests: ['chapters/02-b/test/b.test.ts'] });
  assert.equal(
    findTestFiles(['02'], { root, except: ['b.test'] }),
    { specs: [], tests: [] },
    'what is left out',
  );
});

runner('reads which programs tests need', ({ root }) => {
  put(root, 'a.test.ts', "// needs: redis-server, nats-server\nimport 'x';\n");
  put(root, 'b.test.ts', '// needs: redis-server ip\n');
  assert.equal(neededPrograms(['a.test.ts', 'b.test.ts'], root), ['ip', 'nats-server', 'redis-server']);
});

runner('refuses suites that never run', ({ root }) => {
  // Spelled apart, so that the check does not count these texts in this file.
  const [run, call] = ['.run()', 'suite'];
  put(root, 'none.spec.ts', `const a = ${call}('a');`);
  put(root, 'half.spec.ts', `const a = ${call}('a'); const b = ${call}<Context>('b'); a${run};`);
  put(root, 'good.spec.ts', `const a = ${call}('a'); a${run};`);
  put(root, 'plain.spec.ts', `import { test } from 'uvu';\ntest${run};`);
  const specs = ['none.spec.ts', 'half.spec.ts', 'good.spec.ts', 'plain.spec.ts'];
  const mistakes = findHollowTests({ specs, tests: [] }, root);
  assert.equal(mistakes, [
    'none.spec.ts: 1 suite(s), but 0 .run()',
    'half.spec.ts: 2 suite(s), but 1 .run()',
  ]);
});

runner('refuses tests that leave others out', ({ root }) => {
  const only = 'only';
  put(root, 'a.test.ts', `  test.${only}('x', () => {});`);
  put(root, 'b.test.ts', `test('x', { ${only}: true }, () => {});`);
  put(root, 'c.test.ts', "test('the only one', () => {});");
  const mistakes = findHollowTests({ specs: [], tests: ['a.test.ts', 'b.test.ts', 'c.test.ts'] }, root);
  assert.is(mistakes.length, 2);
});

runner('refuses asserts without words', () => {
  const bad = ['assert.ok(f(a, b));', 'assert(a);', 'assert.not.ok(\n  a,\n);', 'assert.not(a);'];
  for (const text of bad) assert.is(findMistakes('a.ts', text).length, 1, text);
  const good = "assert.ok(a, 'b'); assert.equal(a, b); assert.not.ok(f(a), 'b'); assert.throws(f);";
  assert.equal(findMistakes('a.ts', good), []);
});

runner('refuses fixed sleeps, but not deadlines and polling', () => {
  const bad = [
    'await new Promise((resolve) => setTimeout(resolve, 20));',
    "import { setTimeout as delay } from 'node:timers/promises';\nawait delay(1);",
    "import { setTimeout } from 'node:timers/promises';\nwhile (x) await setTimeout(1);",
  ];
  for (const text of bad) assert.match(findMistakes('a.ts', text).join(), /^a\.ts:\d: sleeps/, text);
  const good = `
    async function until(f) { while (!f()) await new Promise((resolve) => setTimeout(resolve, 2)); }
    const timer = setTimeout(() => reject(new Error('late')), 20);
    await new Promise((resolve, reject) => setTimeout(() => reject(new Error('late')), 20));
    socket.setTimeout(20, end);`;
  assert.equal(findMistakes('a.ts', good), []);
});

runner('sums what uvu printed for each suite, with or without colours', () => {
  const one = '\n  Total:     3\n  Passed:    2\n  Skipped:   1\n  Duration:  0.41ms\n';
  const coloured = '\x1b[32m  Total:     4\x1b[39m\n  Passed:    4\n  Skipped:   0\n';
  assert.equal(readTotals(one + coloured), { total: 7, passed: 6, skipped: 1 });
  assert.is(readTotals('nothing'), undefined);
});

runner.run();
