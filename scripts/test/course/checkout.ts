import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../chapters.ts';

/** A copy of the project in which a reader may work. */
export interface Checkout {
  /** Its folder, with a slash at its end. */
  readonly root: string;
  remove(): void;
}

/** Copies what a reader needs into a folder of its own, so that the folder `my` of the project stays untouched. */
export function makeCheckout(): Checkout {
  // The real path: the place that a stack names must begin with it.
  const root = join(realpathSync(mkdtempSync(join(tmpdir(), 'leveret-course-'))), '/');
  for (const name of ['chapters', 'final', 'scripts', 'package.json', 'tsconfig.json', 'docs']) {
    cpSync(join(ROOT, name), join(root, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction');
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
