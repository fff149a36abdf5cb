import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { buildInspectorPage } from '../../final/inspector/index.ts';
import { ROOT } from '../chapters.ts';
import { BROWSER_ENTRY, COMMAND_ENTRY, ENTRIES, type PackageEntry } from './manifest.ts';

/** The inspector's page lies ready in the package, so what would make it from sources is left out. */
const withoutPageBuild: Plugin = {
  name: 'without-page-build',
  setup({ onLoad }) {
    const contents = `
      export async function buildPage() { throw new Error('the page of the inspector is missing from this package'); }
      export const buildInspectorPage = buildPage;`;
    onLoad({ filter: /inspector[\\/]page-build\.ts$/ }, () => ({ contents, loader: 'js' }));
  },
};

/**
 * Bundles the JavaScript of the package. Code that entries share goes into chunks, so a LeveretError of one is a
 * LeveretError of the others.
 *
 * @param lib - folder to write to
 * @returns names of the packages that the bundles import
 */
export async function bundle(lib: string, version: string): Promise<Set<string>> {
  const common = {
    absWorkingDir: ROOT,
    bundle: true,
    outdir: lib,
    format: 'esm',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  } as const;
  const { metafile } = await build({
    ...common,
    entryPoints: points([...ENTRIES, COMMAND_ENTRY]),
    platform: 'node',
    target: 'node20',
    packages: 'external',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    define: { LEVERET_VERSION: JSON.stringify(version) },
    plugins: [withoutPageBuild],
  });
  await build({
    ...common,
    entryPoints: points([BROWSER_ENTRY]),
    platform: 'browser',
    target: 'es2022',
  });
  await buildInspectorPage(join(lib, 'inspector-page'));
  return importedPackages(metafile);
}

function points(entries: readonly PackageEntry[]): { in: string; out: string }[] {
  return entries.map(({ name, source }) => ({ in: source, out: name }));
}

function importedPackages({ outputs }: Metafile): Set<string> {
  const names = new Set<string>();
  for (const { imports } of Object.values(outputs)) {
    for (const { path, external } of imports) {
      if (external !== true || path.startsWith('node:')) continue;
      const [scope = '', rest = ''] = path.split('/');
      names.add(scope.startsWith('@') ? `${scope}/${rest}` : scope);
    }
  }
  return names;
}
