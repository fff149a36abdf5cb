import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The client for browsers as one script, made by esbuild alone: no plugin, and nothing left outside. */
export async function bundleForBrowsers(): Promise<string> {
  const { outputFiles, warnings } = await build({
    entryPoints: [fileURLToPath(new URL('../browser.ts', import.meta.url))],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    globalName: 'leveret',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  });
  assert.deepEqual(warnings, [], 'esbuild has nothing to say');
  const [file] = outputFiles;
  assert.ok(file, 'esbuild has made a file');
  return file.text;
}
