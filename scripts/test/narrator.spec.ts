import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readLessonHead } from '../chapters.ts';
import { createNarrator } from '../narrator.ts';

const narration = suite('narrator');
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
const plain = (line: string): string => line.replace(/\x1b\[[0-9;]*m/g, '');

narration('aligns who and what, and sets headings apart', () => {
  const lines: string[] = [];
  const narrator = createNarrator((line) => lines.push(plain(line)), false);
  narrator.heading('First');
  narrator.line('alice', 'sends');
  narrator.line('bob', 'two\nlines');
  narrator.note('why');
  narrator.heading('Second');
  assert.equal(lines, [
    'First',
    '  alice     sends',
    '  bob       two',
    '            lines',
    '  why',
    '',
    'Second',
  ]);
});

narration('masks what differs from run to run in a transcript only', () => {
  assert.is(createNarrator(() => {}, true).volatile(7404), '…');
  assert.is(createNarrator(() => {}, false).volatile(7404), '7404');
});

narration('a lesson says its title in the front matter and what works in its first sentence', () => {
  const lesson =
    '---\ntitle: 1. A framed echo\ngroup: Chapters\n---\n\n# 1. A framed echo\n\nEvery [frame](x.md)\ncomes **back**.\n\n## Goal\n';
  assert.equal(readLessonHead(lesson), { title: 'A framed echo', works: 'Every frame comes back.' });
});

narration.run();
