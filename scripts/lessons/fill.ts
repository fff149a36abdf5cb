import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Fence, type Filled, findFences } from './markdown.ts';
import { fillTables } from './tables.ts';

/** Gives the transcript of a chapter. */
export type TranscriptOf = (chapter: number) => string;

const MARKER = /^\s*<!-- (code|transcript): (.+?) -->\s*$/;

function dedent(lines: readonly string[]): string {
  const indents = lines
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents);
  return lines
    .map((line) => line.slice(indent))
    .join('\n')
    .trim();
}

/**
 * Where a region's lines are, `from` included, `to` not, counted from 0; without a name the whole file.
 *
 * @throws Error when the region is missing, or twice there.
 */
export function findRegion(lines: readonly string[], name: string | undefined): { from: number; to: number } {
  if (name === undefined) return { from: 0, to: lines.length };
  const find = (word: string): number => {
    const isMark = (line: string): boolean => line.trim() === `// #${word} ${name}`;
    const at = lines.findIndex(isMark);
    if (at === -1) throw new Error(`no line "// #${word} ${name}"`);
    if (lines.findLastIndex(isMark) !== at) throw new Error(`"// #${word} ${name}" is there twice`);
    return at;
  };
  return { from: find('region') + 1, to: find('endregion') };
}

/**
 * The lines of a region, dedented; without a name the whole file. Lines that only mark regions and steps are left out.
 *
 * @throws Error when the region is missing, twice there, or empty.
 */
export function readRegion(source: string, name: string | undefined): string {
  const lines = source.split('\n');
  const { from, to } = findRegion(lines, name);
  const kept = lines
    .slice(from, to)
    .filter((line) => !/^\s*\/\/ (#region|#endregion|step \d+\.\d+:)/.test(line));
  if (kept.every((line) => line.trim() === '')) throw new Error('nothing in it');
  return dedent(kept);
}

/** The pieces of code that a lesson quotes, as its markers name them. */
export function quotedCode(text: string): Array<{ path: string; region: string | undefined }> {
  return text.split('\n').flatMap((line) => {
    const [, kind, reference = ''] = MARKER.exec(line) ?? [];
    const [path = '', region] = reference.split('#');
    return kind === 'code' ? [{ path, region }] : [];
  });
}

function readCode(folder: string, reference: string): string {
  const [path = '', region] = reference.split('#');
  const file = join(folder, path);
  if (!existsSync(file)) throw new Error(`no file ${path}`);
  return readRegion(readFileSync(file, 'utf8'), region);
}

/**
 * Fills the fence after each `<!-- code: path#region -->` from the file, and the fence after
 * `<!-- transcript: chapter N -->` from `transcriptOf`; without that function transcripts stay as they are. Then the tables:
 * see {@link fillTables}.
 */
export function fillLesson(path: string, text: string, transcriptOf?: TranscriptOf): Filled {
  const lines = text.split('\n');
  const fences = findFences(lines);
  const mistakes: string[] = [];
  const out: string[] = [];
  let copied = 0;
  for (const [index, line] of lines.entries()) {
    const [, kind, reference = ''] = MARKER.exec(line) ?? [];
    if (kind === undefined || fences.some(({ open, close }) => open < index && index < close)) continue;
    const fence: Fence | undefined = fences.find(({ open }) => open > index);
    if (fence === undefined || lines.slice(index + 1, fence.open).some((between) => between.trim() !== '')) {
      mistakes.push(`${path}:${index + 1}: no fence follows "${line.trim()}"`);
      continue;
    }
    if (kind === 'transcript' && transcriptOf === undefined) continue;
    try {
      const chapter = Number(/^chapter (\d+)$/.exec(reference)?.[1]);
      const content =
        kind === 'code' ? readCode(dirname(path), reference) : (transcriptOf?.(chapter).trim() ?? '');
      out.push(...lines.slice(copied, fence.open + 1), content);
      copied = fence.close;
    } catch (error) {
      mistakes.push(
        `${path}:${index + 1}: ${reference}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  out.push(...lines.slice(copied));
  const tables = fillTables(path, out.join('\n'));
  return { text: tables.text, mistakes: [...mistakes, ...tables.mistakes] };
}

/** The transcript that stands in a lesson, or undefined. */
export function readTranscript(text: string, chapter: number): string | undefined {
  const lines = text.split('\n');
  const marker = lines.findIndex((line) => line.trim() === `<!-- transcript: chapter ${chapter} -->`);
  const fence = marker === -1 ? undefined : findFences(lines).find(({ open }) => open > marker);
  return fence === undefined ? undefined : lines.slice(fence.open + 1, fence.close).join('\n');
}
