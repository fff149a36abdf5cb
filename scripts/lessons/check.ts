import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import type { Chapter } from '../chapters.ts';
import { readTranscript } from './fill.ts';
import { countWords, findHeadings, findLinks, proseLines } from './markdown.ts';

const SECTIONS = [
  'Goal',
  'Run it',
  'The idea',
  'Build it',
  'Check it',
  'What we left out, and exercises',
  'What the real ones do',
  'Next',
];
const MIN_WORDS = 1_000;
const MAX_WORDS = 5_000;
const MIN_STEPS = 3;
const MAX_STEPS = 7;

/** A step marker in the code of a chapter. */
export interface Marker {
  readonly chapter: number;
  readonly ordinal: number;
  readonly where: string;
}

/** Finds the `// step N.M: title` markers in a file's text, and the mistakes in how they stand. */
export function findMarkers(where: string, source: string): { markers: Marker[]; mistakes: string[] } {
  const markers: Marker[] = [];
  const mistakes: string[] = [];
  const lines = source.split('\n');
  for (const [index, line] of lines.entries()) {
    if (!/^\s*\/\/ step\b/i.test(line)) continue;
    const at = `${where}:${index + 1}`;
    const [, chapter, ordinal] = /^\s*\/\/ step (\d+)\.(\d+): \S/.exec(line) ?? [];
    if (chapter === undefined) mistakes.push(`${at}: a step marker reads "// step N.M: short title"`);
    else markers.push({ chapter: Number(chapter), ordinal: Number(ordinal), where: at });
    const above = lines[index - 1] ?? '';
    if (!above.trimEnd().endsWith('{'))
      mistakes.push(`${at}: a step marker is the first line in a function's body`);
  }
  return { markers, mistakes };
}

/** Checks the markers of one chapter against the text of its lesson. */
export function checkMarkers(number: number, markers: readonly Marker[], lesson: string): string[] {
  const mistakes: string[] = [];
  const seen = new Set<number>();
  for (const { chapter, ordinal, where } of markers) {
    if (chapter !== number)
      mistakes.push(`${where}: step ${chapter}.${ordinal} in the folder of chapter ${number}`);
    else if (seen.has(ordinal)) mistakes.push(`${where}: step ${chapter}.${ordinal} is there twice`);
    seen.add(ordinal);
  }
  if (seen.size < MIN_STEPS || seen.size > MAX_STEPS) {
    mistakes.push(
      `chapter ${number}: ${seen.size} markers in its code, expected ${MIN_STEPS} to ${MAX_STEPS}`,
    );
  }
  for (let ordinal = 1; ordinal <= Math.max(0, ...seen); ordinal += 1) {
    if (!seen.has(ordinal)) mistakes.push(`chapter ${number}: its code has no step ${number}.${ordinal}`);
  }
  const named = new Set(
    [...lesson.matchAll(/\bstep\s+(\d+)\.(\d+)/gi)]
      .filter(([, chapter]) => Number(chapter) === number)
      .map(([, , ordinal]) => Number(ordinal)),
  );
  for (const ordinal of seen) {
    if (!named.has(ordinal))
      mistakes.push(`chapter ${number}: the lesson does not name step ${number}.${ordinal}`);
  }
  for (const ordinal of named) {
    if (!seen.has(ordinal))
      mistakes.push(`chapter ${number}: the lesson names step ${number}.${ordinal}, the code has none`);
  }
  return mistakes;
}

/** Checks a lesson's form: front matter, sections in order, length, transcript, answers folded away. */
export function checkForm(chapter: Chapter, text: string): string[] {
  const mistakes: string[] = [];
  const wrong = (what: string): void => void mistakes.push(`${chapter.path}/README.md: ${what}`);
  const front = /^---\n([\s\S]*?)\n---\n/.exec(text)?.[1] ?? '';
  if (!new RegExp(`^title: ['"]?${chapter.number}\\. \\S`, 'm').test(front)) {
    wrong(`front matter needs "title: ${chapter.number}. ..."`);
  }
  if (!/^group: Chapters$/m.test(front)) wrong('front matter needs "group: Chapters"');
  const headings = findHeadings(text);
  if (headings[0]?.level !== 1) wrong('begins with a # title');
  if (chapter.works === '') wrong('says in one sentence under the title what works');
  const sections = headings.filter(({ level }) => level === 2).map((heading) => heading.text);
  if (sections.join('|') !== SECTIONS.join('|'))
    wrong(`sections are "${sections.join('", "')}", not "${SECTIONS.join('", "')}"`);
  const words = countWords(text);
  if (words < MIN_WORDS || words > MAX_WORDS) wrong(`${words} words, expected ${MIN_WORDS} to ${MAX_WORDS}`);
  if (chapter.main !== undefined && (readTranscript(text, chapter.number)?.trim() ?? '') === '') {
    wrong(`no transcript of chapter ${chapter.number} (npm run lessons -- --write)`);
  }
  if (!/<details>\s*<summary>/.test(text)) wrong('folds no answer away (<details><summary>)');
  return mistakes;
}

/** Checks that each relative link of a Markdown file leads to a file, and each anchor to a heading. */
export function checkLinks(root: string, path: string, text: string): string[] {
  const mistakes: string[] = [];
  for (const link of findLinks(text)) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(link)) continue;
    const [target = '', anchor] = link.split('#');
    const file = target === '' ? path : normalize(join(dirname(path), decodeURI(target)));
    const absolute = join(root, file);
    if (file.startsWith('..') || !existsWithCase(root, file)) {
      mistakes.push(`${path}: link to ${link}, but there is no ${file}`);
    } else if (anchor !== undefined && anchor !== '' && file.endsWith('.md')) {
      const anchors = findHeadings(readFileSync(absolute, 'utf8')).map((heading) => heading.anchor);
      if (!anchors.includes(anchor))
        mistakes.push(`${path}: link to ${link}, but ${file} has no heading #${anchor}`);
    }
  }
  return mistakes;
}

/** A file system that ignores case must not hide a link that breaks elsewhere. */
function existsWithCase(root: string, file: string): boolean {
  if (!existsSync(join(root, file))) return false;
  let folder = root;
  for (const part of file.split('/').filter((name) => name !== '' && name !== '.')) {
    if (!readdirSync(folder).includes(part)) return false;
    folder = join(folder, part);
  }
  return true;
}

/** Checks that each `npm run name` in a text is a script of the project. */
export function checkCommands(path: string, text: string, scripts: ReadonlySet<string>): string[] {
  return [...text.matchAll(/npm (?:run|run-script) ([a-z][\w:-]*)/g)]
    .map(([, name = '']) => name)
    .filter((name) => !scripts.has(name))
    .map((name) => `${path}: "npm run ${name}" is no script of package.json`);
}

/** All files under a folder whose name ends in one of the endings, as paths from `root`. */
export function findBelow(root: string, folder: string, ending: string): string[] {
  const absolute = join(root, folder);
  if (!existsSync(absolute)) return [];
  if (statSync(absolute).isFile()) return absolute.endsWith(ending) ? [folder] : [];
  return readdirSync(absolute, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .flatMap((entry) =>
      findBelow(root, relative(root, join(absolute, entry.name)).replaceAll('\\', '/'), ending),
    );
}

/** The prose of a text as one string. */
export function prose(text: string): string {
  return proseLines(text).join('\n');
}
