import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../chapters.ts';

/** A small house in which everything is in order. */
const GOOD: Record<string, string> = {
  'chapters/01-framed-echo/inner.ts': 'export const one = 1;',
  'chapters/01-framed-echo/index.ts': "export { one } from './inner.ts';",
  'chapters/01-framed-echo/test/support.ts': 'export const support = 1;',
  'chapters/02-subscriber/inner.ts':
    "import { one } from '#framing'; import debug from 'debug'; export const two = debug(String(one));",
  'chapters/02-subscriber/circle-of-types.ts':
    "import './type-user.ts'; export interface Shape { size: number }",
  'chapters/02-subscriber/type-user.ts':
    "import type { Shape } from './circle-of-types.ts'; export type Use = Shape;",
  'chapters/02-subscriber/index.ts': "export { two } from './inner.ts';",
  'chapters/02-subscriber/main.ts':
    "import type { Stage } from '../../scripts/stage-types.ts'; export const stage: Stage | undefined = undefined;",
  'chapters/02-subscriber/test/good.spec.ts':
    "import '#topics'; import 'uvu'; import '../../01-framed-echo/test/support.ts';",
  'chapters/03-broadcast/index.ts': 'export const three = 3;',
  'final/index.ts': "export { one } from '#framing';",
  'scripts/stage-types.ts': 'export interface Stage { title: string }',
  'scripts/tool.ts':
    "import '../final/index.ts'; import '../chapters/01-framed-echo/inner.ts'; import 'uvu';",
};

/** One file for each rule that breaks it. */
const BAD: ReadonlyArray<readonly [rule: string, path: string, text: string]> = [
  ['downward-only-01', 'chapters/01-framed-echo/bad-up.ts', "import '#topics';"],
  ['downward-only-02', 'chapters/02-subscriber/test/bad-up.spec.ts', "import '#broadcast';"],
  [
    'doors-only-between-chapters',
    'chapters/02-subscriber/bad-inner.ts',
    "import '../01-framed-echo/inner.ts';",
  ],
  [
    'doors-only-between-chapters',
    'chapters/02-subscriber/bad-path.ts',
    "import '../01-framed-echo/index.ts';",
  ],
  ['tests-through-doors', 'chapters/02-subscriber/test/bad-own.spec.ts', "import '../inner.ts';"],
  [
    'tests-through-doors',
    'chapters/02-subscriber/test/bad-other.spec.ts',
    "import '../../01-framed-echo/index.ts';",
  ],
  [
    'code-knows-no-tests',
    'chapters/02-subscriber/bad-test.ts',
    "import '../01-framed-echo/test/support.ts';",
  ],
  ['final-through-doors', 'final/bad-path.ts', "import '../chapters/01-framed-echo/inner.ts';"],
  ['final-is-the-roof', 'chapters/02-subscriber/bad-roof.ts', "import '../../final/index.ts';"],
  [
    'no-scripts-at-run-time',
    'chapters/02-subscriber/bad-script.ts',
    "import '../../scripts/stage-types.ts';",
  ],
  [
    'only-stage-types',
    'chapters/02-subscriber/bad-tool.ts',
    "import type { tool } from '../../scripts/tool.ts';",
  ],
  ['no-cycles', 'chapters/02-subscriber/bad-circle.ts', "import './circle.ts';"],
  ['resolvable', 'chapters/02-subscriber/bad-nowhere.ts', "import './nowhere.ts';"],
  ['no-dev-dependencies', 'chapters/02-subscriber/bad-development.ts', "import 'uvu';"],
];

function cruise(root: string): Array<{ rule: string; from: string }> {
  const bin = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [
    bin,
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    'chapters',
    'final',
    'scripts',
  ];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.notEqual(stdout, '', stderr);
  const report = JSON.parse(stdout) as {
    summary: { violations: Array<{ rule: { name: string }; from: string }> };
  };
  return report.summary.violations.map(({ rule, from }) => ({ rule: rule.name, from }));
}

test('each rule of the house holds what it says, and nothing else', { timeout: 120_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'leveret-house-'));
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  };
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    for (const name of ['package.json', 'tsconfig.json', '.dependency-cruiser.cjs']) {
      copyFileSync(join(ROOT, name), join(root, name));
    }
    for (const [path, text] of Object.entries(GOOD)) put(path, text);
    assert.deepEqual(cruise(root), []);
    // A circle needs two; it is told once, at the first.
    put('chapters/02-subscriber/circle.ts', "import './bad-circle.ts';");
    for (const [, path, text] of BAD) put(path, text);
    const found = cruise(root).map(({ rule, from }) => `${from}: ${rule}`);
    const expected = BAD.map(([rule, path]) => `${path}: ${rule}`);
    // What reaches test support by a path of another chapter breaks a second rule too.
    expected.push('chapters/02-subscriber/bad-test.ts: doors-only-between-chapters');
    assert.deepEqual(found.sort(), expected.sort());
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
