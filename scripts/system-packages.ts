import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The programs that tests and benchmarks use as real counterparts, with the Debian package of each. */
const DEBIAN_PACKAGES = new Map([
  ['nats-server', 'nats-server'],
  ['redis-server', 'redis-server'],
  ['mosquitto', 'mosquitto'],
  ['chromium', 'chromium'],
  ['ip', 'iproute2'],
  ['python3', 'python3'],
]);

/** Debian keeps servers in `sbin`, which an ordinary account's PATH leaves out. */
const EXTRA_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The absolute path of a program, or undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...EXTRA_FOLDERS];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function install(packages: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const { status, stdout, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${stdout ?? ''}${stderr ?? ''}`);
  }
}

/**
 * Makes sure that programs such as `nats-server` are here: installs the missing ones as root on Debian, and elsewhere
 * says which command does.
 *
 * @returns the absolute path of each program, by name.
 * @throws Error with the one command to run, where a program is missing and cannot be installed from here.
 */
export function ensurePrograms(names: readonly string[]): Map<string, string> {
  const missing = names.filter((name) => findProgram(name) === undefined);
  if (missing.length > 0) {
    const packages = missing.map((name) => DEBIAN_PACKAGES.get(name) ?? name);
    const root = process.getuid?.() === 0 && existsSync('/etc/debian_version');
    if (!root) {
      const command = `sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
      throw new Error(`Missing: ${missing.join(', ')}. On Debian or Ubuntu run: ${command}`);
    }
    install(packages);
  }
  const found = new Map<string, string>();
  for (const name of names) {
    const path = findProgram(name);
    if (path === undefined) throw new Error(`${name} is not there, even after its package was installed.`);
    found.set(name, path);
  }
  return found;
}
