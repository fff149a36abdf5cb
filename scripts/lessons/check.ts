import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import type { Chapter } from '../chapters.ts';
import { readSteps } from '../course/steps.ts';
import { readTranscript } from './fill.ts';
import { countWords, findFences, findHeadings, findLinks } from './markdown.ts';

const FIRST_SECTIONS = ['Goal', 'Run it', 'The idea', 'Build it', 'Check it'];
const LAST_SECTIONS = ['What the real ones do', 'Next'];
/** What stands between: the one form, or the other. */
const MIDDLE_SECTIONS = [['What final adds', 'Exercises'], ['What we left out, and exercises']];
const MIN_WORDS = 1_000;
const MAX_WORDS = 7_000;
const MIN_STEPS = 3;
const MAX_STEPS = 24;
const MIN_HINTS = 2;
/** Languages of fences that hold programs which could be run. */
const PROGRAM = /^(m?[jt]s|[jt]sx|javascript|typescript)\b/;

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
    if (!/(^|[{;])$/.test(above.trimEnd()))
      mistakes.push(`${at}: a step marker is the first line in a body, in a class, or in its file`);
  }
  return { markers, mistakes };
}

/**
 * Checks the steps of one chapter: its code and its lesson have the same ones, in order; and where the lesson names the tests of
 * its steps, each has tests that are there, and two hints.
 */
export function checkSteps(
  { number, path }: Pick<Chapter, 'number' | 'path'>,
  markers: readonly Marker[],
  lesson: string,
  isThere: (path: string) => boolean,
): string[] {
  const steps = readSteps(lesson);
  const where = `${path}/README.md`;
  const inCode = new Set(markers.map(({ chapter, ordinal }) => `${chapter}.${ordinal}`));
  const mistakes = markers
    .filter(({ chapter }) => chapter !== number)
    .map(
      (marker) => `${marker.where}: a step of chapter ${marker.chapter} in the folder of chapter ${number}`,
    );
  for (const id of inCode) {
    if (!steps.some((step) => step.id === id)) mistakes.push(`${where}: no heading "### ${id} Title"`);
  }
  const isGraded = steps.some(({ checks }) => checks.length > 0);
  for (const [index, { id, checks, hints }] of steps.entries()) {
    if (id !== `${number}.${index + 1}`)
      mistakes.push(`${where}: step ${id} stands where ${number}.${index + 1} should`);
    if (!inCode.has(id)) mistakes.push(`${where}: the code of chapter ${number} has no step ${id}`);
    if (!isGraded) continue;
    if (checks.length === 0)
      mistakes.push(`${where}: step ${id} names no tests: <!-- check: name.spec.ts -->`);
    for (const check of checks) {
      if (!isThere(`${path}/test/${check}`))
        mistakes.push(`${where}: step ${id} is checked by ${check}, which is not there`);
    }
    if (hints.length < MIN_HINTS)
      mistakes.push(`${where}: step ${id} has ${hints.length} hints, at least ${MIN_HINTS}`);
  }
  if (steps.length < MIN_STEPS || steps.length > MAX_STEPS) {
    mistakes.push(`${where}: ${steps.length} steps, expected ${MIN_STEPS} to ${MAX_STEPS}`);
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
  const forms = MIDDLE_SECTIONS.map((middle) => [...FIRST_SECTIONS, ...middle, ...LAST_SECTIONS].join(', '));
  if (!forms.includes(sections.join(', ')))
    wrong(`sections are ${sections.join(', ')}; they should be ${forms[0]}`);
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

/**
 * Checks that each program in a guide comes from a file, which tests run. Of an example that nobody runs nobody knows whether
 * it works.
 */
export function checkExamples(path: string, text: string): string[] {
  const lines = text.split('\n');
  return findFences(lines)
    .filter(({ language }) => PROGRAM.test(language))
    .filter(({ open }) => !/<!-- code: \S+ -->\s*$/.test(lines.slice(0, open).join('\n')))
    .map(
      ({ open, language }) =>
        `${path}:${open + 1}: a block of ${language} that no file holds: put <!-- code: path#region --> before it`,
    );
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
