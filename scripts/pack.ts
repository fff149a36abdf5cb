import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './chapters.ts';
import { bundle } from './pack/bundle.ts';
import { checkPackage } from './pack/check.ts';
import { COMMAND_ENTRY, makeManifest, readProjectManifest } from './pack/manifest.ts';
import { bundleTypes } from './pack/types.ts';
import { explainArguments, runCommand, UsageError } from './terminal.ts';

const HELP = `Makes the package that people install.

  npm run pack                  into dist/package, and dist/leveret-VERSION.tgz
  npm run pack -- --out DIR     into another folder
  npm run pack -- --help        this text

It is checked by publint and are-the-types-wrong.`;

function readArguments(): { out: string; help: boolean } {
  try {
    const options = {
      out: { type: 'string', default: join(ROOT, 'dist') },
      help: { type: 'boolean', short: 'h', default: false },
    } as const;
    const { out, help } = parseArgs({ options }).values;
    return { out: resolve(out), help };
  } catch (error) {
    throw explainArguments(error, 'npm run pack -- --help');
  }
}

/** Runs `npm pack` and returns the path of what it made. */
function npmPack(folder: string, out: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--offline', '--pack-destination', out];
  const { stdout, stderr, status } = spawnSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new UsageError(`npm pack did not work: ${stderr}`, 1);
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, { filename: string }>);
  if (packed === undefined) throw new UsageError('npm pack made nothing', 1);
  return join(out, packed.filename);
}

await runCommand(async () => {
  const { out, help } = readArguments();
  if (help) return console.log(HELP);
  const folder = join(out, 'package');
  const lib = join(folder, 'lib');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(lib, { recursive: true });
  const project = readProjectManifest();
  const used = await bundle(lib, project.version);
  await bundleTypes(lib, Object.keys(project.dependencies));
  chmodSync(join(lib, `${COMMAND_ENTRY.name}.js`), 0o755);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(makeManifest(project, used), null, 2)}\n`);
  // Where its programs come from is of no use outside of the project.
  const readme = readFileSync(join(ROOT, 'scripts/pack/README.md'), 'utf8').replaceAll(
    /^<!-- code: .*-->\n/gm,
    '',
  );
  writeFileSync(join(folder, 'README.md'), readme);
  for (const name of ['LICENSE', 'CHANGELOG.md']) copyFileSync(join(ROOT, name), join(folder, name));
  const tarball = npmPack(folder, out);
  const mistakes = await checkPackage(folder, tarball);
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'), 1);
  console.log(`${tarball} (${Math.round(statSync(tarball).size / 1024)} KiB)`);
});
