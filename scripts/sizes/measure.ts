import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { type Chapter, ROOT, readDoors } from '../chapters.ts';
import { findBelow } from '../lessons/check.ts';
import { findRegion, quotedCode } from '../lessons/fill.ts';
import { codeLines, parseSource, stepLines } from './code-lines.ts';

/** Folders of a chapter whose code is beside its own: it is not counted. */
const BESIDE = /\/(test|examples|wrong|any-language)\//;
/** Most lines of code that a chapter may have, where it is not named here. */
const CHAPTER_LIMIT = 650;
const LIMITS = new Map([
  [4, 850],
  [7, 750],
]);
/**
 * A module holds one idea. More lines than this are refused; fewer than {@link MODULE_LEAST} are only shown, for a list of
 * errors or one pure function may well be that short.
 */
export const MODULE_LIMIT = 150;
/** See {@link MODULE_LIMIT}. */
export const MODULE_LEAST = 30;

/** The lines of one module. */
export interface ModuleSize {
  /** Path within its chapter. */
  readonly path: string;
  readonly lines: number;
  readonly isDoor: boolean;
}

/** How large a chapter is, and how much of it is the reader's. */
export interface ChapterSize {
  readonly number: number;
  readonly lines: number;
  readonly limit: number;
  /** The largest first. */
  readonly modules: readonly ModuleSize[];
  /** Lines that the lesson quotes. */
  readonly shown: number;
  /** Lines that the reader writes. */
  readonly written: number;
}

/** Measures a chapter: code without blank lines, comments, stage, tests and examples. */
export function measureChapter({ number, path, lesson }: Chapter, root = ROOT): ChapterSize {
  const doors = new Set(readDoors(root).values());
  const quoted = lesson === undefined ? new Map() : quotedLines(root, `${path}/README.md`);
  const modules: ModuleSize[] = [];
  let shown = 0;
  let written = 0;
  for (const file of findBelow(root, path, '.ts')) {
    if (BESIDE.test(file) || file === `${path}/main.ts`) continue;
    const source = parseSource(file, readFileSync(join(root, file), 'utf8'));
    const lines = [...codeLines(source)];
    const ofReader = stepLines(source);
    shown += lines.filter((line) => quoted.get(file)?.has(line)).length;
    written += lines.filter((line) => ofReader.has(line)).length;
    modules.push({ path: file.slice(path.length + 1), lines: lines.length, isDoor: doors.has(file) });
  }
  modules.sort((a, b) => b.lines - a.lines);
  const lines = modules.reduce((sum, module) => sum + module.lines, 0);
  return { number, lines, limit: LIMITS.get(number) ?? CHAPTER_LIMIT, modules, shown, written };
}

/** The lines, counted from 1, that a lesson quotes of each file. */
function quotedLines(root: string, lesson: string): Map<string, Set<number>> {
  const quoted = new Map<string, Set<number>>();
  for (const { path, region } of quotedCode(readFileSync(join(root, lesson), 'utf8'))) {
    const file = normalize(join(dirname(lesson), path));
    // What is not there is a mistake that `npm run lessons` tells; here it shows nothing.
    const text = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '';
    if (region !== undefined && !text.includes(`// #endregion ${region}`)) continue;
    const { from, to } = findRegion(text.split('\n'), region);
    const lines = quoted.get(file) ?? new Set();
    for (let line = from + 1; line <= to; line += 1) lines.add(line);
    quoted.set(file, lines);
  }
  return quoted;
}

/** Modules with fewer lines than is usual; doors only name what is elsewhere. */
export function smallModules({ modules }: ChapterSize): ModuleSize[] {
  return modules.filter(({ lines, isDoor }) => lines < MODULE_LEAST && !isDoor);
}

/** Modules that are too large. */
export function largeModules({ modules }: ChapterSize): ModuleSize[] {
  return modules.filter(({ lines }) => lines > MODULE_LIMIT);
}

/** What breaks the limits. */
export function checkSizes(chapters: readonly ChapterSize[]): string[] {
  return chapters.flatMap((chapter) => {
    const { number, lines, limit } = chapter;
    const whole = lines > limit ? [`chapter ${number}: ${lines} lines of code, at most ${limit}`] : [];
    const parts = largeModules(chapter).map(
      (module) =>
        `chapter ${number}: ${module.path} has ${module.lines} lines of code, at most ${MODULE_LIMIT}`,
    );
    return [...whole, ...parts];
  });
}
