import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Chapter } from '../chapters.ts';
import {
  checkCommands,
  checkExamples,
  checkForm,
  checkLinks,
  checkSteps,
  findMarkers,
} from '../lessons/check.ts';
import { fillLesson, readRegion, readTranscript } from '../lessons/fill.ts';
import { countWords, findHeadings, findLinks } from '../lessons/markdown.ts';

const SOURCE = `/** Doubles. */
export function twice(value: number): number {
  // step 1.2: double it
  // #region body
  if (value === 0) {
    return 0;
  }
  return value * 2;
  // #endregion body
}
`;

const lessons = suite<{ root: string }>('lessons');

lessons.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'leveret-lessons-'));
  writeFileSync(join(context.root, 'twice.ts'), SOURCE);
});
lessons.after.each(({ root }) => rmSync(root, { recursive: true, force: true }));

lessons('a region is dedented, and markers are left out', () => {
  assert.is(readRegion(SOURCE, 'body'), 'if (value === 0) {\n  return 0;\n}\nreturn value * 2;');
  assert.not.match(readRegion(SOURCE, undefined), /#region|step/);
  assert.throws(() => readRegion(SOURCE, 'head'), /no line "\/\/ #region head"/);
  assert.throws(() => readRegion(`${SOURCE}${SOURCE}`, 'body'), /twice/);
});

lessons('fences are filled from the code, and filling again changes nothing', ({ root }) => {
  const path = join(root, 'README.md');
  const text = 'a\n\n<!-- code: twice.ts#body -->\n\n```ts\nold\n```\n\nb\n\n```ts\nkept\n```\n';
  const filled = fillLesson(path, text);
  assert.equal(filled.mistakes, []);
  assert.match(
    filled.text,
    /```ts\nif \(value === 0\) {\n {2}return 0;\n}\nreturn value \* 2;\n```\n\nb\n\n```ts\nkept\n```\n$/,
  );
  assert.is(fillLesson(path, filled.text).text, filled.text);
});

lessons('a marker without its fence, file or region is a mistake', ({ root }) => {
  const mistakes = (text: string): string => fillLesson(join(root, 'README.md'), text).mistakes.join();
  assert.match(mistakes('<!-- code: twice.ts#body -->\n\ntext\n\n```ts\n```\n'), /no fence follows/);
  assert.match(mistakes('<!-- code: gone.ts#body -->\n```ts\n```\n'), /no file gone\.ts/);
  assert.match(mistakes('<!-- code: twice.ts#gone -->\n```ts\n```\n'), /#region gone/);
});

lessons('tables of frames and errors come from the wire; what people wrote in the last cell stays', () => {
  const text = [
    '<!-- errors -->',
    '',
    '| code | name | fatal | when |',
    '| --- | --- | --- | --- |',
    '| 99 | BAD_FRAME | no | a size of 0 |',
    '| 98 | GONE | no | never |',
    '',
    'text',
  ].join('\n');
  const filled = fillLesson('README.md', text);
  assert.match(filled.text, /^\| 1 \| BAD_FRAME \| yes \| a size of 0 \|$/m, 'number and kind are corrected');
  assert.not.match(filled.text, /GONE/, 'what the wire does not have goes');
  assert.match(filled.text, /^\| 12 \| INTERNAL \| yes \| {2}\|$/m, 'what is new is there');
  assert.match(filled.mistakes.join(), /say something about INTERNAL/, 'and must be described');
  assert.match(filled.text, /\n\ntext$/, 'what follows stays');
  const frames = fillLesson(
    'README.md',
    '<!-- frames: client -->\n| a | b | c | d |\n| --- | --- | --- | --- |\n',
  ).text;
  assert.match(
    frames,
    /\| 03 \| PUBLISH \| `u32 request, text8 topic, u16 count, record\.\.\.` \|/,
    'fields by form',
  );
  assert.match(frames, /\| 09 \| CLOSE \| none \|/, 'a frame without fields');
  assert.match(frames, /\| 07 \| PING \| `bytes`, at most 64 \|/, 'the rest of a frame');
  assert.match(fillLesson('a.md', '<!-- errors -->\n\ntext').mistakes.join(), /no table follows/, 'no table');
});

lessons('a transcript is filled, and read back', ({ root }) => {
  const text = '<!-- transcript: chapter 3 -->\n\n```text\n```\n';
  const filled = fillLesson(join(root, 'README.md'), text, (chapter) => `Chapter ${chapter}\n\nlines\n`).text;
  assert.is(readTranscript(filled, 3), 'Chapter 3\n\nlines');
  assert.is(readTranscript(filled, 4), undefined);
});

lessons('markers are found, and must be the first line of a body', () => {
  const good = findMarkers('a.ts', SOURCE);
  assert.equal(good, { markers: [{ chapter: 1, ordinal: 2, where: 'a.ts:3' }], mistakes: [] });
  assert.match(findMarkers('a.ts', 'f(\n// step 1.1: x\n)').mistakes.join(), /first line in a body/);
  assert.match(findMarkers('a.ts', 'f() {\n// Step 1: x\n').mistakes.join(), /reads "\/\/ step N\.M/);
});

lessons('code and lesson have the same steps, in order', () => {
  const chapter = { number: 1, path: 'chapters/01-x' };
  const markers = [1, 2, 3].map((ordinal) => ({ chapter: 1, ordinal, where: `a.ts:${ordinal}` }));
  const headings = (...ids: string[]): string => ids.map((id) => `### ${id} Write it\n`).join('\n');
  const check = (lesson: string, of = markers): string => checkSteps(chapter, of, lesson, () => false).join();
  assert.is(check(headings('1.1', '1.2', '1.3')), '', 'all is well');
  assert.match(check(headings('1.1', '1.2')), /no heading "### 1\.3 Title"/);
  assert.match(check(headings('1.1', '1.2', '1.3', '1.4')), /has no step 1\.4/);
  assert.match(check(headings('1.1', '1.3', '1.2')), /step 1\.3 stands where 1\.2 should/);
  assert.match(check('', [{ chapter: 2, ordinal: 1, where: 'a.ts:1' }]), /a step of chapter 2 in the folder/);
  const graded = headings('1.1', '1.2', '1.3').replace('it\n', 'it\n<!-- check: a.spec.ts -->\n');
  assert.match(check(graded), /step 1\.1 is checked by a\.spec\.ts, which is not there/);
  assert.match(check(graded), /step 1\.1 has 0 hints/);
  assert.match(check(graded), /step 1\.2 names no tests/);
});

lessons('anchors are those of GitHub', () => {
  const anchors = findHeadings(
    '# A `b` & c\n## Two words\n## Two words\n```\n## no\n```\n### head-of-line\n',
  ).map((h) => h.anchor);
  assert.equal(anchors, ['a-b--c', 'two-words', 'two-words-1', 'head-of-line']);
});

lessons('links are found outside of code, in Markdown and in HTML', () => {
  const text =
    '[a](b.md#c) ![d](e.svg "t") `[no](no)`\n<img src="f.png">\n[g]: h.md\n```\n[no](no)\n```\n<!-- [no](no) -->';
  assert.equal(findLinks(text).sort(), ['b.md#c', 'e.svg', 'f.png', 'h.md']);
});

lessons('words are counted as a reader meets them', () => {
  assert.is(
    countWords(
      '---\ntitle: x y\n---\n# One two\n\n[three](a/b/c.md) `four` - **five**\n\n```\nno no\n```\n<!-- no -->\n',
    ),
    5,
  );
});

lessons('dead links and anchors are mistakes', ({ root }) => {
  writeFileSync(join(root, 'a.md'), '# Here\n\n## There\n');
  assert.equal(checkLinks(root, 'b.md', '[x](a.md#there) [y](twice.ts) [z](https://x.test/y)'), []);
  assert.match(checkLinks(root, 'b.md', '[x](a.md#gone)').join(), /no heading #gone/);
  assert.match(checkLinks(root, 'b.md', '[x](A.md)').join(), /there is no A\.md/);
  assert.match(checkLinks(root, 'b.md', '[x](../out.md)').join(), /there is no/);
});

lessons('a program in a guide that no file holds is a mistake', () => {
  assert.equal(
    checkExamples('a.md', '<!-- code: a.ts#b -->\n\n```ts\nx\n```\n\n```bash\ny\n```\n```json\n{}\n```\n'),
    [],
  );
  assert.equal(checkExamples('a.md', 'text\n\n```js\nx\n```\n'), [
    'a.md:3: a block of js that no file holds: put <!-- code: path#region --> before it',
  ]);
  assert.match(
    checkExamples('a.md', '<!-- code: a.ts#b -->\n```ts\nx\n```\n\n```typescript\ny\n```\n').join(),
    /a\.md:6: a block of typescript/,
    'the marker of one is not that of the next',
  );
});

lessons('commands must exist', () => {
  const scripts = new Set(['chapter']);
  assert.equal(checkCommands('a.md', '`npm run chapter 1`, npm test', scripts), []);
  assert.match(
    checkCommands('a.md', '`npm run nonsense 1`', scripts).join(),
    /"npm run nonsense" is no script/,
  );
});

lessons('the form of a lesson is checked', () => {
  const chapter: Chapter = {
    number: 1,
    folder: '01-x',
    path: 'chapters/01-x',
    title: 'X',
    works: 'It works.',
    main: undefined,
    lesson: undefined,
  };
  const sections = [
    'Goal',
    'Run it',
    'The idea',
    'Build it',
    'Check it',
    'What we left out, and exercises',
    'What the real ones do',
    'Next',
  ];
  const words = 'word '.repeat(1_200);
  const make = (titles: string[], body = words): string =>
    `---\ntitle: 1. X\ngroup: Chapters\n---\n\n# 1. X\n\nIt works.\n\n${titles.map((title) => `## ${title}\n\n`).join('')}${body}\n<details><summary>A</summary></details>\n`;
  assert.equal(checkForm(chapter, make(sections)), []);
  assert.match(checkForm(chapter, make(sections.toReversed())).join(), /sections are/);
  assert.match(checkForm(chapter, make(sections, 'short')).join(), /words, expected 1000 to 7000/);
  assert.match(checkForm(chapter, make(sections, words.repeat(6))).join(), /words, expected 1000 to 7000/);
  assert.match(checkForm({ ...chapter, number: 2 }, make(sections)).join(), /title: 2\./);
  assert.match(checkForm({ ...chapter, main: 'main.ts' }, make(sections)).join(), /no transcript/);
});

lessons.run();
