import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the page's sources lie. */
const SOURCE = new URL('./page/', import.meta.url);

/** The page's files by name. */
export type PageFiles = ReadonlyMap<string, Uint8Array>;

/**
 * Makes the page from its sources, with esbuild: for development, and for the package.
 *
 * @throws Error when esbuild is not installed, or finds a mistake
 */
export async function buildPage(): Promise<PageFiles> {
  const { buildSync } = await import('esbuild');
  // Not `build`: its helper process stays, and one that cannot be started (no descriptors) throws where nobody catches.
  const { outputFiles } = buildSync({
    entryPoints: [
      { in: fileURLToPath(new URL('main.ts', SOURCE)), out: 'page' },
      { in: fileURLToPath(new URL('styles/page.css', SOURCE)), out: 'page' },
    ],
    bundle: true,
    platform: 'browser',
    write: false,
    outdir: '/',
    format: 'esm',
    target: ['es2022', 'chrome110', 'firefox110', 'safari16'],
    minify: true,
    legalComments: 'eof',
    logLevel: 'silent',
  });
  const files = new Map<string, Uint8Array>();
  for (const name of ['index.html', 'icon.svg']) files.set(name, await readFile(new URL(name, SOURCE)));
  for (const { path, contents } of outputFiles) files.set(path.replace(/^.*[\\/]/, ''), contents);
  return files;
}

/**
 * Writes the finished page into a folder, for a package that has no esbuild. The inspector looks for it in
 * `inspector-page`, beside its own module or one folder above.
 */
export async function buildInspectorPage(outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true });
  for (const [name, bytes] of await buildPage()) await writeFile(join(outDir, name), bytes);
}
