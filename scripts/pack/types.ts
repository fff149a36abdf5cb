import { join } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { ROOT } from '../chapters.ts';
import { BROWSER_ENTRY, ENTRIES } from './manifest.ts';

/** Gathers the types of each entry into one file, doors and all; types that entries share go into chunks. */
export async function bundleTypes(lib: string, dependencies: readonly string[]): Promise<void> {
  const entries = [...ENTRIES, BROWSER_ENTRY];
  const bundle = await rollup({
    input: Object.fromEntries(entries.map(({ name, source }) => [name, join(ROOT, source)])),
    external: [/^node:/, ...dependencies],
    plugins: [dts({ tsconfig: join(ROOT, 'tsconfig.json'), compilerOptions: { noEmit: false } })],
    onLog(_level, { message }) {
      throw new Error(`types: ${message}`);
    },
  });
  await bundle.write({ dir: lib, format: 'es', chunkFileNames: 'chunks/[name]-[hash].d.ts' });
  await bundle.close();
}
