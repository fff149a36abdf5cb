import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { WebSocket } from 'ws';

/**
 * A program, or the client itself, as one script for browsers, made by esbuild alone: no plugin, and nothing left outside.
 * What it exports is the global `leveret`.
 *
 * @param entry - from this folder
 */
export async function bundleForBrowsers(entry = '../browser.ts'): Promise<string> {
  const { outputFiles, warnings } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
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

/** Runs such a script where there is what a browser has: no Buffer, no process, no require. Returns what it exports. */
export function runLikeABrowser(code: string): unknown {
  const context = createContext({
    WebSocket,
    TextEncoder,
    TextDecoder,
    URL,
    Uint8Array,
    ArrayBuffer,
    crypto,
    performance,
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
    queueMicrotask,
    AbortSignal,
  });
  return runInContext(`${code}; leveret`, context);
}
