import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../chapters.ts';

/** What the project's package.json says that the package's repeats. */
interface ProjectManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** One entry of the package. */
export interface PackageEntry {
  /** Name of its files in `lib`. */
  readonly name: string;
  /** Its source, from the project's folder. */
  readonly source: string;
}

/** What can be imported, and the sources that it is made from. */
export const ENTRIES: readonly PackageEntry[] = [
  { name: 'index', source: 'final/index.ts' },
  { name: 'client', source: 'final/client/index.ts' },
  { name: 'peers', source: 'final/peers.ts' },
];

/** The client for browsers: bundled without anything of Node. */
export const BROWSER_ENTRY: PackageEntry = { name: 'client-browser', source: 'final/client/browser.ts' };

/** The `leveret` command. */
export const COMMAND_ENTRY: PackageEntry = { name: 'main', source: 'final/cli/main.ts' };

/** Reads the project's package.json. */
export function readProjectManifest(): ProjectManifest {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as ProjectManifest;
}

/**
 * The package.json of the package.
 *
 * @param used - the packages that the bundles import: others are not needed by who installs it
 */
export function makeManifest(project: ProjectManifest, used: ReadonlySet<string>): Record<string, unknown> {
  const { name, version, license, engines } = project;
  const missing = [...used].filter((each) => !(each in project.dependencies));
  if (missing.length > 0) throw new Error(`imported, but not among the dependencies: ${missing.join(', ')}`);
  const dependencies = Object.entries(project.dependencies)
    .filter(([each]) => used.has(each))
    .map(([each, exact]) => [each, `^${exact}`]);
  return {
    name,
    version,
    description:
      'A fast publish/subscribe message broker over TCP, TLS and WebSocket, with its client, command line and inspector.',
    keywords: ['pubsub', 'broker', 'message-broker', 'messaging', 'publish-subscribe', 'tcp', 'websocket'],
    license,
    type: 'module',
    engines,
    bin: { [name]: `lib/${COMMAND_ENTRY.name}.js` },
    exports: {
      '.': entry('index'),
      './client': { browser: entry(BROWSER_ENTRY.name), default: entry('client') },
      './peers': entry('peers'),
      './package.json': './package.json',
    },
    types: './lib/index.d.ts',
    files: ['lib', 'CHANGELOG.md'],
    sideEffects: [`./lib/${COMMAND_ENTRY.name}.js`],
    dependencies: Object.fromEntries(dependencies),
    peerDependencies: { '@types/node': '>=20' },
    peerDependenciesMeta: { '@types/node': { optional: true } },
  };
}

function entry(name: string): { types: string; default: string } {
  return { types: `./lib/${name}.d.ts`, default: `./lib/${name}.js` };
}
