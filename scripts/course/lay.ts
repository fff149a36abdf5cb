import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Chapter, ROOT } from '../chapters.ts';
import { findBelow } from '../lessons/check.ts';
import { hasBegun, MY, myFolder } from './reader-code.ts';
import { makeStarter } from './starter.ts';

/** Folders of a chapter that the reader's copy does without. */
const NOT_LAID = /\/(test|wrong|any-language)\//;

/** The files of a chapter that a starter is made of, as paths from the project's folder. */
export function filesOf(chapter: Chapter, root = ROOT): string[] {
  return findBelow(root, chapter.path, '.ts').filter(
    (path) => !NOT_LAID.test(path) && path !== `${chapter.path}/main.ts`,
  );
}

/**
 * Lays a chapter's starter into a folder. Files that are there already stay as they are.
 *
 * @param isDone - steps whose code is laid too; none, unless told
 * @returns the files that were laid, as paths from the project's folder
 */
export function layStarter(
  chapter: Chapter,
  folder = myFolder(chapter),
  isDone?: (step: string) => boolean,
  root = ROOT,
): string[] {
  const laid: string[] = [];
  for (const path of filesOf(chapter, root)) {
    const target = `${folder}${path.slice(chapter.path.length)}`;
    if (existsSync(join(root, target))) continue;
    mkdirSync(dirname(join(root, target)), { recursive: true });
    writeFileSync(join(root, target), makeStarter(path, readFileSync(join(root, path), 'utf8'), isDone));
    laid.push(target);
  }
  return laid;
}

/**
 * Puts the reader's code of a chapter aside.
 *
 * @returns where it is now, from the project's folder
 */
export function setAside(chapter: Chapter, root = ROOT): string | undefined {
  if (!hasBegun(chapter, root)) return undefined;
  let number = 1;
  const aside = (): string => `${MY}/aside/${chapter.folder}-${number}`;
  while (existsSync(join(root, aside()))) number += 1;
  mkdirSync(join(root, MY, 'aside'), { recursive: true });
  try {
    renameSync(join(root, myFolder(chapter)), join(root, aside()));
  } catch {
    // On some systems a folder that an editor holds open cannot be renamed.
    cpSync(join(root, myFolder(chapter)), join(root, aside()), { recursive: true });
  }
  return aside();
}
