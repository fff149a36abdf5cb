import { readFileSync } from 'node:fs';

/** Set by the build of the package, which has no package.json at the same distance. */
declare const LEVERET_VERSION: string | undefined;

/** The version of this program. */
export const VERSION: string = typeof LEVERET_VERSION === 'string' ? LEVERET_VERSION : readVersion();

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
