import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { ROOT } from '../chapters.ts';

/**
 * What publint and are-the-types-wrong have against the package; nothing, if it is right. Both look at what lies here and
 * ask nobody.
 */
export async function checkPackage(folder: string, tarball: string): Promise<string[]> {
  const [{ messages, pkg }, types] = await Promise.all([
    publint({ pkgDir: folder, level: 'suggestion', strict: true, pack: false }),
    areTheTypesWrong(tarball),
  ]);
  const said = messages.map(
    (message) => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`,
  );
  return types === undefined ? said : [...said, types];
}

/** The package is for `import` alone, so its view of `require` in old TypeScript settings does not count. */
function areTheTypesWrong(tarball: string): Promise<string | undefined> {
  const bin = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  const args = [bin, '--profile', 'esm-only', '--no-emoji', '--no-color', '--format', 'ascii', tarball];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0 ? undefined : `are the types wrong?\n${output}`));
  });
}
