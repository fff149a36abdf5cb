import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Chapter, ROOT } from '../chapters.ts';
import { MY } from './reader-code.ts';

/** How far the reader is with a chapter. */
export interface Progress {
  /** The steps that the last check found right. */
  readonly done: readonly string[];
  /** How many hints of each step were shown. */
  readonly hints: Readonly<Record<string, number>>;
}

const NONE: Progress = { done: [], hints: {} };
const FILE = join(MY, 'progress.json');

/** How far the reader is, by the number of the chapter. A file that cannot be read counts as none. */
export function readProgress(root = ROOT): Map<number, Progress> {
  const path = join(root, FILE);
  if (!existsSync(path)) return new Map();
  try {
    const all = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Partial<Progress>>;
    return new Map(
      Object.entries(all).map(([number, progress]) => [Number(number), { ...NONE, ...progress }]),
    );
  } catch {
    return new Map();
  }
}

/** Notes the steps that a check has found right. */
export function writeProgress(chapter: Chapter, done: readonly string[], root = ROOT): void {
  write(chapter, (before) => ({ ...before, done }), root);
}

/** Notes how many hints of a step were shown. */
export function writeHints(chapter: Chapter, step: string, shown: number, root = ROOT): void {
  write(chapter, (before) => ({ ...before, hints: { ...before.hints, [step]: shown } }), root);
}

/** Forgets how far the reader is with a chapter. */
export function forgetProgress(chapter: Chapter, root = ROOT): void {
  write(chapter, () => NONE, root);
}

function write({ number }: Chapter, change: (before: Progress) => Progress, root: string): void {
  const all = readProgress(root);
  all.set(number, change(all.get(number) ?? NONE));
  mkdirSync(join(root, MY), { recursive: true });
  writeFileSync(join(root, FILE), `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
}
