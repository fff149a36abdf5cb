/** The little of Markdown that the checks need: fences, headings with their anchors, links, prose. */

/** A fenced block, by line numbers counted from 0. */
export interface Fence {
  readonly language: string;
  /** Line of the opening ```. */
  readonly open: number;
  /** Line of the closing ```. */
  readonly close: number;
}

/** A lesson's text with its fences filled, and what could not be filled. */
export interface Filled {
  readonly text: string;
  readonly mistakes: string[];
}

/** A heading, with the anchor that GitHub and the docs site give it. */
export interface Heading {
  readonly level: number;
  readonly text: string;
  readonly anchor: string;
}

/** The fenced blocks of a text. */
export function findFences(lines: readonly string[]): Fence[] {
  const fences: Fence[] = [];
  let open: { mark: string; language: string; line: number } | undefined;
  for (const [index, line] of lines.entries()) {
    const [, mark, info = ''] = /^\s*(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (mark === undefined) continue;
    if (open === undefined) {
      open = { mark, language: info.trim(), line: index };
    } else if (mark.startsWith(open.mark) && info.trim() === '') {
      fences.push({ language: open.language, open: open.line, close: index });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`a fence opens in line ${open.line + 1} and never closes`);
  return fences;
}

/** The text without front matter, fences and comments; the lines stay where they were. */
export function proseLines(markdown: string): string[] {
  const blank = (text: string): string => text.replace(/[^\n]/g, '');
  const lines = markdown.replace(/^---\n[\s\S]*?\n---\n/, blank).split('\n');
  for (const { open, close } of findFences(lines)) lines.fill('', open, close + 1);
  return lines
    .join('\n')
    .replace(/<!--[\s\S]*?-->/g, blank)
    .split('\n');
}

/** The headings of a text, with anchors as GitHub makes them. */
export function findHeadings(markdown: string): Heading[] {
  const taken = new Map<string, number>();
  const headings: Heading[] = [];
  for (const line of proseLines(markdown)) {
    const [, marks, raw] = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line) ?? [];
    if (marks === undefined || raw === undefined) continue;
    const text = raw.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[*`]/g, '');
    const slug = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const before = taken.get(slug) ?? 0;
    taken.set(slug, before + 1);
    headings.push({ level: marks.length, text, anchor: before === 0 ? slug : `${slug}-${before}` });
  }
  return headings;
}

/** Where the links and images of a text lead. */
export function findLinks(markdown: string): string[] {
  const text = proseLines(markdown)
    .join('\n')
    .replace(/`[^`\n]*`/g, '');
  const patterns = [
    /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g,
    /^\s*\[[^\]]+\]:\s+(\S+)/gm,
    /\s(?:href|src)="([^"]+)"/g,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, target = '']) => target));
}

/** How many words a reader reads: fences, markup and link targets are not counted. */
export function countWords(markdown: string): number {
  const text = proseLines(markdown)
    .join('\n')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\]\([^)]*\)/g, ' ');
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}
