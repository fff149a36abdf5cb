import { parseSource } from '../sizes/code-lines.ts';
import { findWritten, type Written } from './written.ts';

/** What a body that is not written yet throws; the check knows it by these words. */
export const NOT_WRITTEN = /step (\d+\.\d+) is not written yet/;

/**
 * The starter of a file: its text with what the reader writes taken out. Signatures, types and the comments on what is
 * exported stay.
 *
 * @param isDone - steps whose code stays, such as those before one that is tried alone
 */
export function makeStarter(
  path: string,
  text: string,
  isDone: (step: string) => boolean = () => false,
): string {
  const titles = new Map([...text.matchAll(/\/\/ step (\d+\.\d+):.*/g)].map(([line, step]) => [step, line]));
  let starter = '';
  let at = 0;
  for (const stretch of findWritten(parseSource(path, text))) {
    if (isDone(stretch.step)) continue;
    starter += text.slice(at, stretch.from);
    if (stretch.isBody) starter += placeholder(text, stretch, titles.get(stretch.step) ?? '');
    at = stretch.to;
  }
  starter += text.slice(at);
  return starter
    .replace(/^[^\S\n]*\/\/ #(end)?region\b.*\n/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/\{\n\n+/g, '{\n');
}

/** The inside of a body that is to be written. */
function placeholder(text: string, { step, from, to }: Written, title: string): string {
  const indent = /\n([^\S\n]*)$/.exec(text.slice(from, to))?.[1] ?? '';
  const lines = [title, `throw new Error('step ${step} is not written yet');`];
  return `${lines.map((line) => `\n${indent}  ${line}`).join('')}\n${indent}`;
}

/** The functions that the reader writes in a file, by step: `2.3` with `TopicTable.create`. */
export function namesByStep(path: string, text: string): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { step, name, isBody } of findWritten(parseSource(path, text))) {
    if (isBody) names.set(step, [...(names.get(step) ?? []), name]);
  }
  return names;
}
