import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../chapters.ts';

/** The doors of the small house, each with its file. */
const DOORS: Record<string, string> = {
  '#framing': 'chapters/01-framed-echo/index.ts',
  '#framing/net': 'chapters/01-framed-echo/net.ts',
  '#topics': 'chapters/02-subscriber/index.ts',
  '#topics/server': 'chapters/02-subscriber/examples/text-server.ts',
  '#broadcast': 'chapters/03-broadcast/index.ts',
  '#broadcast/server': 'chapters/03-broadcast/server.ts',
  '#protocol': 'chapters/04-full-protocol/index.ts',
  '#protocol/broker': 'chapters/04-full-protocol/broker/index.ts',
  '#protocol/client': 'chapters/04-full-protocol/client/index.ts',
  '#log': 'chapters/06-shared-log/index.ts',
  '#log/broker': 'chapters/06-shared-log/broker.ts',
  '#peers/backoff': 'chapters/07-peers/backoff.ts',
};

/** A small house in which everything is in order. */
const GOOD: Record<string, string> = {
  'chapters/01-framed-echo/inner.ts': 'export const one = 1;',
  'chapters/01-framed-echo/index.ts': "export { one } from './inner.ts';",
  'chapters/01-framed-echo/test/support.ts': 'export const support = 1;',
  'chapters/01-framed-echo/net.ts': "import 'node:net'; import './inner.ts'; export const net = 1;",
  'chapters/02-subscriber/inner.ts': "import { one } from '#framing'; export const two = one;",
  'chapters/02-subscriber/with-sockets.ts':
    "import '#framing/net'; import debug from 'debug'; import type { two } from './inner.ts'; export type Two = typeof two; debug('x');",
  'chapters/02-subscriber/index.ts': "export { two } from './inner.ts';",
  'chapters/02-subscriber/main.ts':
    "import type { Stage } from '../../scripts/stage-types.ts'; export const stage: Stage | undefined = undefined;",
  'chapters/02-subscriber/test/circle-of-types.ts':
    "import type { Use } from './type-user.ts'; export interface Shape { size: Use }",
  'chapters/02-subscriber/test/type-user.ts':
    "import type { Shape } from './circle-of-types.ts'; export type Use = Shape;",
  'chapters/02-subscriber/test/good.spec.ts':
    "import '#topics'; import 'uvu'; import '../../01-framed-echo/test/support.ts';",
  'chapters/03-broadcast/index.ts': 'export const three = 3;',
  'chapters/03-broadcast/server.ts': "import '#framing/net'; import './index.ts'; export const server = 3;",
  'chapters/04-full-protocol/index.ts': "export const wire = 4; import '#framing';",
  'chapters/04-full-protocol/broker/index.ts': "import './session.ts'; export const broker = 4;",
  'chapters/04-full-protocol/broker/session.ts': "import '../index.ts'; import '#framing/net';",
  'chapters/04-full-protocol/client/index.ts': "import 'node:net'; export const client = 4;",
  'chapters/06-shared-log/index.ts': "import 'node:events'; export const log = 6;",
  'chapters/06-shared-log/broker.ts':
    "import '#protocol/broker'; import './index.ts'; export const broker = 6;",
  'chapters/07-peers/backoff.ts': 'export const backoff = 7;',
  'final/index.ts':
    "export { one } from '#framing'; import '#framing/net'; import '#log'; import '#protocol';",
  'final/test/small.test.ts': "import '#protocol/client';",
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
  [
    'no-cycles',
    'chapters/02-subscriber/bad-circle-of-types.ts',
    "import type { Shape } from './type-user.ts'; export type Use = Shape;",
  ],
  ['no-cycles-in-tests', 'chapters/02-subscriber/test/bad-circle.ts', "import './circle.ts';"],
  ['final-has-its-own-broker', 'final/bad-broker.ts', "import '#protocol/broker';"],
  ['final-has-its-own-broker', 'final/bad-client.ts', "import type { client } from '#protocol/client';"],
  ['final-has-its-own-broker', 'final/bad-server.ts', "import '#broadcast/server';"],
  ['final-has-its-own-broker', 'final/bad-log.ts', "import '#log/broker';"],
  ['pure-doors', 'chapters/03-broadcast/index.ts', "import './bad-module.ts'; export const three = 3;"],
  [
    'pure-doors',
    'chapters/04-full-protocol/index.ts',
    "import 'node:net'; import '#framing'; export const wire = 4;",
  ],
  [
    'pure-doors',
    'chapters/07-peers/backoff.ts',
    "import '../../chapters/07-peers/bad-package.ts'; export const backoff = 7;",
  ],
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

test('each rule of the house holds what it says, and nothing else', { timeout: 30_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'leveret-house-'));
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  };
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    for (const name of ['tsconfig.json', '.dependency-cruiser.cjs']) {
      copyFileSync(join(ROOT, name), join(root, name));
    }
    const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const imports = Object.fromEntries(
      Object.entries(DOORS).map(([door, path]) => [door, { default: `./${path}` }]),
    );
    put('package.json', JSON.stringify({ ...(manifest as object), imports }));
    for (const [path, text] of Object.entries(GOOD)) put(path, text);
    assert.deepEqual(cruise(root), [], 'a house in order breaks a rule');
    // A circle needs two; it is told once, at the first.
    put('chapters/02-subscriber/circle.ts', "import './bad-circle.ts';");
    put(
      'chapters/02-subscriber/type-user.ts',
      "import type { Use } from './bad-circle-of-types.ts'; export interface Shape { size: Use }",
    );
    put('chapters/02-subscriber/test/circle.ts', "import './bad-circle.ts';");
    put('chapters/03-broadcast/bad-module.ts', "import 'fs'; export const bad = 1;");
    put('chapters/07-peers/bad-package.ts', "import 'debug'; export const bad = 1;");
    for (const [, path, text] of BAD) put(path, text);
    // What leads to several forbidden files is told once for each.
    const found = [...new Set(cruise(root).map(({ rule, from }) => `${from}: ${rule}`))];
    const expected = BAD.map(([rule, path]) => `${path}: ${rule}`);
    // What reaches test support by a path of another chapter breaks a second rule too.
    expected.push('chapters/02-subscriber/bad-test.ts: doors-only-between-chapters');
    assert.deepEqual(found.sort(), expected.sort());
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('the doors that the rules name are there', () => {
  const rules: unknown = createRequire(import.meta.url)('../../.dependency-cruiser.cjs');
  const missing = [...JSON.stringify(rules).matchAll(/no-door-([#\w/]+)/g)].map(([, door]) => door);
  assert.deepEqual(missing, [], 'package.json has no such doors');
});
