import type { Plugin } from 'esbuild';

/**
 * For bundling the client for browsers with esbuild. The client takes constants and errors through the doors of the
 * chapters, which also lead to servers. This says that nothing there has effects when it is merely imported, so that esbuild
 * leaves out all that is not used, and with it what only Node has.
 *
 * @example
 * ```ts
 * await build({ entryPoints: ['page.ts'], bundle: true, format: 'esm', plugins: [browserClient()] });
 * ```
 */
export function browserClient(): Plugin {
  return {
    name: 'leveret-browser-client',
    setup(build) {
      build.onResolve({ filter: /^(node:.*|debug|ws)$/ }, ({ path }) => ({
        path,
        external: true,
        sideEffects: false,
      }));
      build.onResolve({ filter: /^(#|\.)/ }, async ({ path, pluginData, ...rest }) => {
        if (pluginData === RESOLVING) return undefined;
        const resolved = await build.resolve(path, { ...rest, pluginData: RESOLVING });
        if (resolved.errors.length > 0 || !/[\\/](chapters|broker)[\\/]/.test(resolved.path)) return resolved;
        return { ...resolved, sideEffects: false };
      });
    },
  };
}

const RESOLVING = Symbol('resolving');
