import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** A chapter as found on the disk; parts that are not written yet are undefined. */
export interface Chapter {
  readonly number: number;
  /** `01-framed-echo` */
  readonly folder: string;
  /** Path from the project's folder, with forward slashes: `chapters/01-framed-echo`. */
  readonly path: string;
  /** Title from the lesson's front matter, without the number. */
  readonly title: string;
  /** What works at the end: the lesson's first sentence. */
  readonly works: string;
  /** Absolute path of the stage, where there is one. */
  readonly main: string | undefined;
  /** Absolute path of the lesson, where there is one. */
  readonly lesson: string | undefined;
}

/** The port of a chapter's stage, unless `--port` says otherwise. */
export function defaultPort(chapter: number): number {
  return 7400 + chapter;
}

/** Title and first sentence of a lesson. */
export function readLessonHead(markdown: string): { title: string; works: string } {
  const front = /^---\n([\s\S]*?)\n---\n/.exec(markdown);
  const named = /^title:\s*['"]?(.*?)['"]?\s*$/m.exec(front?.[1] ?? '')?.[1] ?? '';
  const body = markdown.slice(front?.[0].length ?? 0);
  const paragraphs = body
    .replace(/<!--[\s\S]*?-->/g, '')
    .split(/\n{2,}/)
    .map((text) => text.trim())
    .filter((text) => text !== '' && !text.startsWith('#') && !text.startsWith('```'));
  const first = (paragraphs[0] ?? '').replace(/\s+/g, ' ').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  return { title: named.replace(/^\d+\.\s*/, ''), works: first.replace(/[*_`]/g, '') };
}

/** All chapters that have a folder with a lesson or a stage, in order. */
export function findChapters(root = ROOT): Chapter[] {
  const parent = join(root, 'chapters');
  if (!existsSync(parent)) return [];
  const chapters: Chapter[] = [];
  for (const folder of readdirSync(parent).sort()) {
    const number = /^(\d\d)-[a-z0-9-]+$/.exec(folder)?.[1];
    if (number === undefined) continue;
    const main = join(parent, folder, 'main.ts');
    const lesson = join(parent, folder, 'README.md');
    const head = existsSync(lesson) ? readLessonHead(readFileSync(lesson, 'utf8')) : { title: '', works: '' };
    if (!existsSync(main) && !existsSync(lesson)) continue;
    chapters.push({
      number: Number(number),
      folder,
      path: `chapters/${folder}`,
      title: head.title || folder.slice(3).replaceAll('-', ' '),
      works: head.works,
      main: existsSync(main) ? main : undefined,
      lesson: existsSync(lesson) ? lesson : undefined,
    });
  }
  return chapters;
}

/** The doors that package.json names, each with its file: `#framing` with `chapters/01-framed-echo/index.ts`. */
export function readDoors(root = ROOT): Map<string, string> {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { imports } = manifest as { imports: Record<string, { default: string }> };
  return new Map(Object.entries(imports).map(([door, { default: path }]) => [door, path.replace('./', '')]));
}
