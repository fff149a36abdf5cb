import { textTable } from './bench/table.ts';
import { findChapters } from './chapters.ts';
import {
  type ChapterSize,
  checkSizes,
  largeModules,
  MODULE_LEAST,
  MODULE_LIMIT,
  measureChapter,
  smallModules,
} from './sizes/measure.ts';
import { runCommand, UsageError } from './terminal.ts';

const HELP = `How large each chapter is, and how much of it is the reader's.

  npm run sizes    a table; ends with 1 where a chapter or a module is too large

Lines are those with code: no blank lines, no comments; without the stage (main.ts), tests and examples.
"shown" is what the lesson quotes, "written" the bodies that are steps, both as a share of the lines.`;

const percent = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${Math.round((100 * part) / whole)} %`;

function row(chapter: ChapterSize): string[] {
  const { number, lines, limit, modules, shown, written } = chapter;
  const [largest] = modules;
  return [
    String(number),
    `${lines} of ${limit}`,
    String(modules.length),
    largest === undefined ? '-' : `${largest.path} ${largest.lines}`,
    String(largeModules(chapter).length),
    String(smallModules(chapter).length),
    percent(shown, lines),
    percent(written, lines),
  ];
}

await runCommand(async () => {
  if (process.argv.length > 2) return console.log(HELP);
  const sizes = findChapters().map((chapter) => measureChapter(chapter));
  const [least, most] = [MODULE_LEAST, MODULE_LIMIT];
  const bounds = [`over ${most}`, `under ${least}`];
  const columns = ['chapter', 'lines', 'modules', 'largest module', ...bounds, 'shown', 'written'];
  console.log(textTable({ columns, rows: sizes.map(row) }));
  for (const chapter of sizes) {
    const small = smallModules(chapter).map(({ path, lines }) => `${path} ${lines}`);
    if (small.length > 0)
      console.log(`under ${least} lines in chapter ${chapter.number}: ${small.join(', ')}`);
  }
  const mistakes = checkSizes(sizes);
  for (const mistake of mistakes) console.error(mistake);
  if (mistakes.length > 0) throw new UsageError(`${mistakes.length} too large`, 1);
});
