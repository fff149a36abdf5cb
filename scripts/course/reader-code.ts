import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Chapter, findChapters, ROOT } from '../chapters.ts';
import { UsageError } from '../terminal.ts';

/** The folder of the reader's own code, beside `chapters`. */
export const MY = 'my';

/** The reader's folder for a chapter, from the project's folder: `my/02-subscriber`. */
export function myFolder({ folder }: Chapter): string {
  return `${MY}/${folder}`;
}

/** Whether the reader has begun a chapter. */
export function hasBegun(chapter: Chapter, root = ROOT): boolean {
  return existsSync(join(root, myFolder(chapter)));
}

/** The chapter of that number, as the command line gives it. */
export function chooseChapter(text: string | undefined, command: string): Chapter {
  const chapters = findChapters();
  const numbers = chapters.map(({ number }) => number);
  if (text === undefined)
    throw new UsageError(`Which chapter? For example: npm run ${command} ${numbers[0] ?? 1}`);
  const chapter = /^\d{1,2}$/.test(text) ? chapters.find(({ number }) => number === Number(text)) : undefined;
  if (chapter !== undefined) return chapter;
  throw new UsageError(`There is no chapter "${text}". There are: ${numbers.join(', ')}.`);
}

/**
 * The chapters whose code is the reader's when this one runs: itself, and those before it that were begun.
 *
 * @param alone - the chapters before are the reference's in any case
 * @throws UsageError when there is no code of the reader's
 */
export function readersChapters(chapter: Chapter, alone = false): Chapter[] {
  if (!hasBegun(chapter)) {
    throw new UsageError(
      `There is no code of yours in ${myFolder(chapter)}. Begin with: npm run begin ${chapter.number}`,
      1,
    );
  }
  const before = alone ? [] : findChapters().filter(({ number }) => number < chapter.number);
  return [...before.filter((each) => hasBegun(each)), chapter];
}

/** Node's options that make `#doors` lead to the reader's code of these chapters, in child processes too. */
export function conditionsOf(chapters: readonly Chapter[]): string {
  return chapters.map(({ folder }) => `--conditions=my-${folder.slice(0, 2)}`).join(' ');
}

/** Which code runs, in words. */
export function describeCode(chapter: Chapter, readers: readonly Chapter[]): string {
  const own = readers.filter(({ number }) => number < chapter.number).map(({ number }) => number);
  const others = findChapters().filter(({ number }) => number < chapter.number && !own.includes(number));
  const parts: string[] = [];
  if (own.length > 0) parts.push(`your ${plural(own)}`);
  if (others.length > 0) parts.push(`the reference's ${plural(others.map(({ number }) => number))}`);
  const standing = parts.length === 0 ? '' : `, standing on ${parts.join(' and ')}`;
  return `your code in ${myFolder(chapter)}${standing}`;
}

function plural(numbers: readonly number[]): string {
  const list =
    numbers.length === 1 ? `${numbers[0]}` : `${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`;
  return `chapter${numbers.length === 1 ? '' : 's'} ${list}`;
}
