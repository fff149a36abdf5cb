import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROOT } from '../chapters.ts';
import { UsageError } from '../terminal.ts';

/** Starts a script of `scripts/bench`, of this checkout or of the one in that folder, on the code of that checkout. */
export function forkScript(
  script: string,
  args: readonly string[],
  options: ForkOptions = {},
  checkout = ROOT,
): ChildProcess {
  const cwd = resolve(checkout);
  return fork(join(cwd, 'scripts/bench', script), args, { execArgv: ['--import', 'tsx'], ...options, cwd });
}

/** What `--against DIR` names: another checkout of this project, with its packages; undefined where it is not given. */
export function otherCheckout(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  for (const path of ['scripts/bench/serve-leveret.ts', 'node_modules/tsx']) {
    if (!existsSync(join(folder, path)))
      throw new UsageError(`--against takes a checkout after "npm ci": ${folder} has no ${path}`);
  }
  return folder;
}

/** `final` and `final@../before` for `final`: the second is the same broker of the other checkout. */
export function inBoth(name: string, checkout: string | undefined): string[] {
  return checkout === undefined ? [name] : [name, `${name}@${checkout}`];
}

/** Takes `final@../before` apart. */
export function splitCheckout(name: string): { name: string; checkout: string | undefined } {
  const at = name.indexOf('@');
  return at === -1
    ? { name, checkout: undefined }
    : { name: name.slice(0, at), checkout: name.slice(at + 1) };
}
