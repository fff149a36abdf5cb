import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import { type Chapter, findChapters } from './chapters.ts';
import { readProgress } from './course/progress.ts';
import { hasBegun } from './course/reader-code.ts';
import { type CourseStep, readSteps } from './course/steps.ts';
import { runCommand } from './terminal.ts';

const HELP = `Shows the course: its chapters and steps, how far you are, and the next thing to do.

  npm run course             the chapters, and the steps of the one at hand
  npm run course -- --all    every step`;

interface Row {
  readonly chapter: Chapter;
  readonly steps: readonly CourseStep[];
  readonly done: ReadonlySet<string>;
  readonly begun: boolean;
}

function rowsOf(chapters: readonly Chapter[]): Row[] {
  const progress = readProgress();
  return chapters.map((chapter) => {
    const lesson = chapter.lesson === undefined ? '' : readFileSync(chapter.lesson, 'utf8');
    const steps = readSteps(lesson);
    return { chapter, steps, done: new Set(progress.get(chapter.number)?.done), begun: hasBegun(chapter) };
  });
}

const isDone = ({ steps, done, begun }: Row): boolean => begun && steps.every(({ id }) => done.has(id));

/** The one next thing to do. */
function nextThing(row: Row | undefined): string {
  if (row === undefined) return 'You have built all of it. Look at what a product adds: docs/architecture.md';
  const { chapter, steps, done, begun } = row;
  const command = `npm run ${begun ? 'check' : 'begin'} ${chapter.number}`;
  const step = steps.find(({ id }) => !done.has(id));
  const what =
    begun && step !== undefined
      ? `step ${step.id}, ${step.title}`
      : `chapter ${chapter.number}, ${chapter.title}`;
  return `Next: ${what}\n  lesson   ${chapter.path}/README.md${begun && step !== undefined ? `#${step.anchor}` : ''}\n  command  ${command}`;
}

function print(rows: readonly Row[], all: boolean): void {
  const current = rows.find((row) => !isDone(row));
  console.log(pc.bold('You build a message broker, chapter by chapter.\n'));
  for (const row of rows) {
    const { chapter, steps, done } = row;
    const mark = isDone(row) ? pc.green('✓') : row === current ? pc.yellow('→') : ' ';
    const count = pc.dim(`${steps.filter(({ id }) => done.has(id)).length} of ${steps.length} steps`);
    console.log(`${mark} ${String(chapter.number).padStart(2)}  ${chapter.title.padEnd(50)} ${count}`);
    if (row !== current && !all) continue;
    for (const { id, title } of steps)
      console.log(`      ${done.has(id) ? pc.green('✓') : '·'} ${id.padEnd(5)} ${title}`);
  }
  console.log(`\n${nextThing(current)}`);
}

await runCommand(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) console.log(HELP);
  else print(rowsOf(findChapters()), args.includes('--all'));
});
