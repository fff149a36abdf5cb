import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../chapters.ts';

const FOLDERS = ['chapters', 'final', 'scripts', 'docs', 'bench'];

/** The test files of the project, as paths from its folder with forward slashes. */
export interface TestFiles {
  /** uvu, in memory: `*.spec.ts` */
  readonly specs: string[];
  /** node:test, with sockets and processes: `*.test.ts` */
  readonly tests: string[];
}

/**
 * The paths that answer to one of the filters. A number stands for a chapter; the name of a file, with or without its
 * ending, for the files that are called so; other text for a part of the path.
 */
export function choosePaths(paths: readonly string[], filters: readonly string[]): string[] {
  if (filters.length === 0) return [...paths];
  const chosen = filters.flatMap((filter) => {
    if (/^\d{1,2}$/.test(filter)) {
      return paths.filter((path) => path.startsWith(`chapters/${filter.padStart(2, '0')}-`));
    }
    const called = paths.filter((path) => namesOf(path).includes(filter));
    return called.length > 0 ? called : paths.filter((path) => path.includes(filter));
  });
  return paths.filter((path) => chosen.includes(path));
}

/** `frame.spec.ts`, `frame.spec` and `frame` for a path that ends in the first. */
function namesOf(path: string): string[] {
  const name = basename(path);
  return [name, name.replace(/\.ts$/, ''), name.replace(/\.(spec|test)\.ts$/, '')];
}

/** Where to look for test files, and which to leave out. */
export interface FindOptions {
  /** Files whose path holds one of these texts are left out. @defaultValue none */
  readonly except?: readonly string[];
  /** @defaultValue the project's folder */
  readonly root?: string;
}

/** Finds the test files that answer to the filters, in the order of their paths. */
export function findTestFiles(filters: readonly string[] = [], options: FindOptions = {}): TestFiles {
  const { except = [], root = ROOT } = options;
  const paths: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== 'node_modules') walk(path);
      else if (/\.(spec|test)\.ts$/.test(entry.name)) paths.push(path);
    }
  };
  const present = new Set(readdirSync(root));
  for (const folder of FOLDERS) if (present.has(folder)) walk(folder);
  const wanted = paths.sort().filter((path) => !except.some((text) => path.includes(text)));
  const chosen = choosePaths(wanted, filters);
  return {
    specs: chosen.filter((path) => path.endsWith('.spec.ts')),
    tests: chosen.filter((path) => path.endsWith('.test.ts')),
  };
}

/** The programs that test files say they need, in lines such as `// needs: nats-server redis-server`. */
export function neededPrograms(paths: readonly string[], root = ROOT): string[] {
  const names = new Set<string>();
  for (const path of paths) {
    for (const [, list = ''] of readFileSync(join(root, path), 'utf8').matchAll(/^\/\/ needs: (.+)$/gm)) {
      for (const name of list.trim().split(/[\s,]+/)) names.add(name);
    }
  }
  return [...names].sort();
}

/** Mistakes in test files that would make a run look greener than it is: tests left out, suites never run. */
export function findHollowTests({ specs, tests }: TestFiles, root = ROOT): string[] {
  const mistakes: string[] = [];
  const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;
  for (const path of [...specs, ...tests]) {
    const text = readFileSync(join(root, path), 'utf8');
    if (/^\s*(?:[\w.]+\.only\(|.*\bonly: true)/m.test(text))
      mistakes.push(`${path}: \`only\` leaves other tests out`);
    if (!path.endsWith('.spec.ts')) continue;
    const suites =
      count(text, /\bsuite(?:<[^(]*>)?\(/g) +
      (/import\s*{[^}]*\btest\b[^}]*}\s*from 'uvu'/.test(text) ? 1 : 0);
    const runs = count(text, /\.run\(\)/g);
    if (runs < Math.max(suites, 1)) mistakes.push(`${path}: ${suites} suite(s), but ${runs} .run()`);
  }
  return mistakes;
}
