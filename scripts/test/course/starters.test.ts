// deadline: 240 s
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findChapters } from '../../chapters.ts';
import { layStarter } from '../../course/lay.ts';
import { myFolder } from '../../course/reader-code.ts';
import { runProgram } from '../../test-runner/steps.ts';
import { makeCheckout } from './checkout.ts';

test('the starters of all chapters type-check, standing on one another', async (t) => {
  const { root, remove } = makeCheckout();
  t.after(remove);
  const chapters = findChapters();
  for (const chapter of chapters) layStarter(chapter, myFolder(chapter), undefined, root);
  const customConditions = chapters.map(({ folder }) => `my-${folder.slice(0, 2)}`);
  const config = {
    extends: './tsconfig.json',
    compilerOptions: { customConditions },
    include: ['my'],
    exclude: [],
  };
  writeFileSync(join(root, 'tsconfig.my.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { code, output } = await runProgram(process.execPath, [tsc, '-p', join(root, 'tsconfig.my.json')]);
  assert.equal(code, 0, `the compiler is content with the starters:\n${output}`);
  const queue = readFileSync(join(root, 'my/02-subscriber/queue.ts'), 'utf8');
  assert.ok(!queue.includes('#region'), 'starters hold no marks of the lesson');
});
