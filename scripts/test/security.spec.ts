import { existsSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ROOT } from '../chapters.ts';

const text = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');

/** The tests that the tables of threats name. */
const named = [...text.matchAll(/\[([^\]]+)\]\((\.\.\/[^)]+\.ts)\)/g)].map(([, title = '', link = '']) => ({
  title,
  path: normalize(join('docs', link)),
}));

test('every test that docs/security.md names is there', () => {
  const missing = named.filter(({ title, path }) => {
    if (!existsSync(join(ROOT, path))) return true;
    const source = readFileSync(join(ROOT, path), 'utf8').replaceAll("\\'", "'");
    return !path.endsWith(`/${title}`) && !source.includes(title);
  });
  assert.equal(missing, [], 'no such test');
});

test('every threat has an answer and a test that holds it', () => {
  const rows = text.split('\n').filter((line) => /^\| .* \| .* \| .*\]\(\.\.\//.test(line));
  assert.ok(rows.length > 20, `${rows.length} threats are found: has the form of the tables changed?`);
  const headed = text.split('\n').filter((line) => line.startsWith('| threat |')).length;
  const begin = text.indexOf('## Threats');
  const end = text.indexOf('\n## ', begin + 1);
  const lines = text
    .slice(begin, end)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  assert.is(lines.length - 2 * headed, rows.length, 'a threat names no test');
});

test.run();
