import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { type Chapter, findChapters, ROOT } from './chapters.ts';
import { filesOf } from './course/lay.ts';
import { chooseChapter, myFolder, readersChapters } from './course/reader-code.ts';
import { makeStarter, namesByStep } from './course/starter.ts';
import { explainArguments, runCommand, UsageError } from './terminal.ts';

const HELP = `Shows your code beside the reference's, or what a chapter adds.

  npm run diff 2                   your files of chapter 2 and the reference's
  npm run diff 2 -- --step 2.3     only the files in which step 2.3 is written
  npm run diff 3 4                 what chapter 4 adds to chapter 3: the files, by name and lines

- is yours, + is the reference's.`;

/** Two texts as git shows their difference; empty when they are the same. */
function difference(from: string, to: string, fromName: string, toName: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'leveret-diff-'));
  try {
    writeFileSync(join(folder, 'a'), from);
    writeFileSync(join(folder, 'b'), to);
    const colour = pc.isColorSupported ? 'always' : 'never';
    const args = ['diff', '--no-index', `--color=${colour}`, '--no-ext-diff', '--', 'a', 'b'];
    const { stdout, error } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
    if (error !== undefined) throw new UsageError(`git is needed to compare: ${error.message}`, 1);
    const hunks = stdout.split('\n').slice(4).join('\n');
    return stdout === '' ? '' : `${pc.bold(`--- ${fromName}\n+++ ${toName}`)}\n${hunks}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The reference without the lines that only mark steps and regions. */
const reference = (path: string): string =>
  makeStarter(path, readFileSync(join(ROOT, path), 'utf8'), () => true).replace(
    /^[^\S\n]*\/\/ step \d+\.\d+:.*\n/gm,
    '',
  );

function compareMine(chapter: Chapter, step: string | undefined): void {
  readersChapters(chapter);
  let shown = 0;
  for (const path of filesOf(chapter)) {
    if (step !== undefined && !namesByStep(path, readFileSync(join(ROOT, path), 'utf8')).has(step)) continue;
    const mine = `${myFolder(chapter)}${path.slice(chapter.path.length)}`;
    const text = existsSync(join(ROOT, mine)) ? readFileSync(join(ROOT, mine), 'utf8') : '';
    const found = difference(
      text.replace(/^[^\S\n]*\/\/ step \d+\.\d+:.*\n/gm, ''),
      reference(path),
      mine,
      path,
    );
    if (found === '') continue;
    shown += 1;
    console.log(found);
  }
  if (shown === 0)
    console.log(
      step === undefined ? "Your code is the reference's." : `No difference in the files of step ${step}.`,
    );
}

const lineCount = (path: string): number => readFileSync(join(ROOT, path), 'utf8').split('\n').length - 1;

function compareChapters(before: Chapter, after: Chapter): void {
  const old = new Set(filesOf(before).map((path) => path.slice(before.path.length + 1)));
  console.log(pc.bold(`What chapter ${after.number} adds to chapter ${before.number}`));
  for (const path of filesOf(after)) {
    const name = path.slice(after.path.length + 1);
    const same = old.has(name) ? pc.dim(' (there is one of this name before)') : '';
    console.log(`  ${String(lineCount(path)).padStart(5)} lines  ${name}${same}`);
    const doors = [...readFileSync(join(ROOT, path), 'utf8').matchAll(/from '(#[\w/]+)'/g)].map(
      ([, door]) => door,
    );
    if (doors.length > 0) console.log(pc.dim(`               uses ${[...new Set(doors)].join(', ')}`));
  }
}

await runCommand(async () => {
  let given: { values: { step?: string; help: boolean }; positionals: string[] };
  try {
    given = parseArgs({
      args: process.argv.slice(2),
      allowPositionals: true,
      options: { step: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
    });
  } catch (error) {
    throw explainArguments(error, 'npm run diff -- --help');
  }
  const { values, positionals } = given;
  if (values.help) return console.log(HELP);
  const [first, second] = positionals;
  if (second === undefined) compareMine(chooseChapter(first, 'diff'), values.step);
  else if (findChapters().length > 0)
    compareChapters(chooseChapter(first, 'diff'), chooseChapter(second, 'diff'));
});
