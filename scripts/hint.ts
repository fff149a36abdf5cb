import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import type { Chapter } from './chapters.ts';
import { readProgress, writeHints } from './course/progress.ts';
import { chooseChapter } from './course/reader-code.ts';
import { type CourseStep, lessonAnchor, readSteps } from './course/steps.ts';
import { explainArguments, runCommand, UsageError } from './terminal.ts';

const HELP = `Prints the next hint of the step at hand: each call one more, from a nudge to nearly the answer.

  npm run hint 2                   the first step of chapter 2 that the last check did not find done
  npm run hint 2 -- --step 2.4     that step
  npm run hint 2 -- --again        the hints so far, once more`;

/** The step that was asked for, or the first that is not done. */
function chooseStep(chapter: Chapter, steps: readonly CourseStep[], wanted: string | undefined): CourseStep {
  const done = readProgress().get(chapter.number)?.done ?? [];
  const step = steps.find(({ id }) => (wanted === undefined ? !done.includes(id) : id === wanted));
  if (step !== undefined) return step;
  const ids = steps.map(({ id }) => id).join(', ');
  if (wanted === undefined)
    throw new UsageError(`All steps of chapter ${chapter.number} are done. For one of them: --step ${ids}`);
  throw new UsageError(`There is no step "${wanted}". There are: ${ids}.`);
}

function hint(chapter: Chapter, wanted: string | undefined, again: boolean): void {
  const lesson = chapter.lesson === undefined ? '' : readFileSync(chapter.lesson, 'utf8');
  const step = chooseStep(chapter, readSteps(lesson), wanted);
  const { hints } = step;
  const shown = readProgress().get(chapter.number)?.hints?.[step.id] ?? 0;
  const count = again ? shown : Math.min(shown + 1, hints.length);
  console.log(pc.bold(`${step.id} ${step.title}`));
  for (const text of hints.slice(again ? 0 : Math.max(0, count - 1), count)) console.log(`\n${text}`);
  if (hints.length === 0) console.log('\nThis step has no hints.');
  else if (count < hints.length)
    console.log(pc.dim(`\n${count} of ${hints.length}; the next one: npm run hint ${chapter.number}`));
  else
    console.log(pc.dim(`\nThat was the last. The answer is folded away in ${lessonAnchor(chapter, step)}`));
  writeHints(chapter, step.id, count);
}

await runCommand(async () => {
  let given: { values: { step?: string; again: boolean; help: boolean }; positionals: string[] };
  try {
    given = parseArgs({
      args: process.argv.slice(2),
      allowPositionals: true,
      options: {
        step: { type: 'string' },
        again: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw explainArguments(error, 'npm run hint -- --help');
  }
  const { values, positionals } = given;
  if (values.help) console.log(HELP);
  else hint(chooseChapter(positionals[0], 'hint'), values.step, values.again);
});
