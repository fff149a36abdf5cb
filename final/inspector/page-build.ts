import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/** Where the page's sources lie. */
const SOURCE = new URL('./page/', import.meta.url);

/** The page's files by name. */
export type PageFiles = ReadonlyMap<string, Uint8Array>;

/**
 * For bundles that run in a browser. The doors of the chapters lead to servers too: what is not used of them is left
 * out, which takes the word that loading a module of ours does nothing by itself; and with it goes Node.
 */
export const forBrowsers: Plugin = {
  name: 'leveret-for-browsers',
  setup({ onResolve, onLoad, resolve }) {
    const seen = Symbol('seen');
    onResolve({ filter: /^(#|\.{1,2}\/)/ }, async ({ path, pluginData, kind, ...rest }) => {
      if (pluginData === seen || kind === 'entry-point' || path.endsWith('.css')) return undefined;
      const found = await resolve(path, { ...rest, kind, pluginData: seen });
      return found.path.endsWith('main.ts') ? found : { ...found, sideEffects: false };
    });
    onResolve({ filter: /^(node:|debug$)/ }, ({ path }) => ({ path, namespace: 'node', sideEffects: false }));
    onLoad({ filter: /.*/, namespace: 'node' }, () => ({ contents: 'module.exports = () => {};' }));
  },
};

/**
 * Makes the page from its sources, with esbuild: for development, and for the package.
 *
 * @throws Error when esbuild is not installed, or finds a mistake
 */
export async function buildPage(): Promise<PageFiles> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [
      { in: fileURLToPath(new URL('main.ts', SOURCE)), out: 'page' },
      { in: fileURLToPath(new URL('styles/page.css', SOURCE)), out: 'page' },
    ],
    bundle: true,
    write: false,
    outdir: '/',
    format: 'esm',
    target: ['es2022', 'chrome110', 'firefox110', 'safari16'],
    minify: true,
    legalComments: 'eof',
    plugins: [forBrowsers],
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
