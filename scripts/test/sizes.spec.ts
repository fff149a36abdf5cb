import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findChapters } from '../chapters.ts';
import { codeLines, parseSource, stepLines } from '../sizes/code-lines.ts';
import { checkSizes, largeModules, measureChapter, smallModules } from '../sizes/measure.ts';

const sizes = suite<{ root: string }>('sizes of the chapters');

sizes.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'leveret-sizes-'));
});
sizes.after.each(({ root }) => rmSync(root, { recursive: true, force: true }));

function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** Lines of code, as many as asked for. */
const lines = (count: number): string => 'go();\n'.repeat(count);

const SOURCE = `/**
 * Doubles.
 */
export class Twice {
  // What it is for.
  readonly text = 'http://x /* no comment */'; /* a comment */

  value(value: number): number {
    // step 1.2: double it
    if (value === 0) {
      // step 1.3: nothing
      return 0;
    }

    return value * 2;
  }
}
`;

sizes('count lines with code, not blank ones and comments', () => {
  assert.equal([...codeLines(parseSource('a.ts', SOURCE))], [4, 6, 8, 10, 12, 13, 15, 16, 17]);
});

sizes('count the bodies of steps as written by the reader, without their braces', () => {
  assert.equal([...stepLines(parseSource('a.ts', SOURCE))], [9, 10, 11, 12, 13, 14, 15]);
  const whole =
    'import "a";\n// step 1.1: all of it\nfunction go() {\n  a();\n}\nexport class B {\n  #c = 1;\n  d() {\n    go();\n  }\n}\n';
  assert.equal(
    [...stepLines(parseSource('a.ts', whole))],
    [2, 3, 4, 5, 7, 9],
    'a step at the top of a file is all of its bodies, and what it keeps to itself',
  );
});

sizes('see parts in subfolders, and leave out the stage, tests and examples', ({ root }) => {
  const folder = 'chapters/04-wire';
  put(root, 'package.json', `{ "imports": { "#wire": { "default": "./${folder}/index.ts" } } }`);
  put(
    root,
    `${folder}/README.md`,
    '# x\n<!-- code: wire/frame.ts#one -->\n```ts\n```\n<!-- code: wire/frame.ts#one -->\n<!-- code: wire/frame.ts#gone -->\n<!-- code: gone.ts -->\n',
  );
  put(root, `${folder}/index.ts`, lines(2));
  put(root, `${folder}/wire/frame.ts`, `${lines(30)}// #region one\n\n${lines(10)}// #endregion one\n`);
  put(root, `${folder}/broker/small.ts`, `f(() => {\n  // step 4.1: x\n${lines(5)}});\n`);
  for (const name of ['main.ts', 'test/a.spec.ts', 'examples/a.ts', 'wrong/a.ts', 'any-language/a.ts']) {
    put(root, `${folder}/${name}`, lines(100));
  }
  const [chapter] = findChapters(root);
  const size = measureChapter(chapter!, root);
  assert.is(size.lines, 2 + 40 + 7, 'lines');
  assert.is(size.shown, 10, 'a region that is quoted twice counts once');
  assert.is(size.written, 5, 'lines of steps');
  assert.equal(
    size.modules.map(({ path }) => path),
    ['wire/frame.ts', 'broker/small.ts', 'index.ts'],
  );
  assert.equal(
    smallModules(size).map(({ path }) => path),
    ['broker/small.ts'],
    'doors may be small',
  );
});

sizes('hold chapters and modules to their limits', ({ root }) => {
  put(root, 'package.json', '{ "imports": {} }');
  const measure = (number: number, modules: number[]) => {
    const folder = `chapters/0${number}-x`;
    put(root, `${folder}/README.md`, '# x\n');
    for (const [index, count] of modules.entries()) put(root, `${folder}/${index}.ts`, lines(count));
    return measureChapter(findChapters(root).find((chapter) => chapter.number === number)!, root);
  };
  const full = [
    measure(1, [150, 150, 150, 150, 50]),
    measure(4, [150, 150, 150, 150, 150, 100]),
    measure(7, [150, 150, 150, 150, 150]),
  ];
  assert.equal(checkSizes(full), [], 'what is just within');
  const over = measure(2, [151, 150, 150, 150, 50]);
  assert.equal(checkSizes([over]), [
    'chapter 2: 651 lines of code, at most 650',
    'chapter 2: 0.ts has 151 lines of code, at most 150',
  ]);
  assert.is(largeModules(over).length, 1, 'large modules');
});

sizes.run();
